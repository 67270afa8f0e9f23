"""Why a model does not answer."""


class ServingError(Exception):
    """A model cannot be served; the message becomes the endpoint's FailureReason."""


class RetiredError(ServingError):
    """The variant answers no more: another has its place, or its endpoint is gone."""


class ModelAnsweredError(Exception):
    """The model's container answers an invocation with an error.

    Args:
        status: its HTTP status.
        message: its body.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
