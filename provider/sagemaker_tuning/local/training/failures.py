"""Why a training job failed, as its program tells it."""


class UserError(Exception):
    """What whoever made the request can put right; it fails a training job as ``ClientError``."""


class ProgramError(Exception):
    """A user's program cannot be started; it fails a training job as ``AlgorithmError``."""
