"""What jobs and their files are refused for, in the words of Elastic Path where it has any."""

from couponry.domain.errors import BadRequest, Category, NotFound, Refusal


class UnusableFile(BadRequest):
    """A file of which nothing can be imported."""


class JobNotFound(NotFound):
    """No job of that promotion has that id."""

    sentence = "job not found"


class FileNotAvailable(NotFound):
    """The export file behind a link is gone, or the link is expired or forged."""

    sentence = "The file does not exist or its link has expired. Ask for a new link."


class NoJobsAllowed(Refusal):
    """No codes can be generated for an automatic promotion."""

    category = Category.UNPROCESSABLE
    title = "No codes allowed"
    sentence = "Cannot add codes to an automatic promotion"


class TooManyJobs(Refusal):
    """One job of a promotion may be pending or processing, and one file may be coming."""

    category = Category.BAD_REQUEST
    title = "Too many jobs"
    sentence = "Only 1 pending or processing job is allowed per promotion."

    @classmethod
    def uploading(cls) -> "TooManyJobs":
        """Refuse a file while another is coming."""
        return cls("Another file is being uploaded to this promotion. Try again when it has come.")


class JobHasNoFile(Refusal):
    """Only a completed export has a file."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"

    def __init__(self, status: str) -> None:
        super().__init__(f"Job has no file to download. Job status: {status}")


class DryRunNotUsable(Refusal):
    """Only the file of a completed dry run can be imported, for as long as it is kept."""

    category = Category.UNPROCESSABLE
    title = "Dry run not usable"
    sentence = "The job is no completed dry run of an import."

    @classmethod
    def forgotten(cls) -> "DryRunNotUsable":
        """Refuse one whose file is gone."""
        return cls("The file of this dry run is not kept any more. Upload it again.")


class AlreadyImported(Refusal):
    """What a dry run looked at is imported once."""

    category = Category.CONFLICT
    title = "Already imported"
    sentence = "The file of this dry run has been imported, or is being imported."


class JobNotCancellable(Refusal):
    """Only what has not ended can be cancelled."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "Only pending or processing jobs can be cancelled."
