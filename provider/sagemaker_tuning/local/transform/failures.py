"""Why an input object could not be transformed."""


class InputError(Exception):
    """An object's content is at fault; the message goes into the transform job's log."""
