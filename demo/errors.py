"""What can keep the demo from its end, told to a person in one line."""


class DemoError(Exception):
    """The message is one line that says what is wrong and what would be right."""
