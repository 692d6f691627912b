"""What the operations of jobs take, answer and refuse."""

from couponry.api import examples
from couponry.api.answers import (
    FileLink,
    JobAnswer,
    JobList,
)
from couponry.api.jobs import NewJobDocument
from couponry.api.operation import Operation, Tag
from couponry.domain import code_errors, job_errors, promotion_errors
from couponry.storage import jobs

NO_PROMOTION = promotion_errors.PromotionNotFound()
NO_JOB = job_errors.JobNotFound()

JOBS = Tag(
    "Promotion jobs",
    "Bulk work in the background. A promotion has at most one job that is pending or processing; a job survives"
    " crashes and restarts without losing or repeating a code.",
    {
        "createRulePromotionJob": Operation(
            "A job for codes draws them at random, so that they cannot be guessed. A job for a file writes all codes"
            " of the promotion as CSV. A job for an import takes the file of a completed dry run, which is kept for a"
            " day: it need not be uploaded again (ours).",
            answer=JobAnswer,
            body=NewJobDocument,
            examples=examples.NEW_JOBS,
            refuses=(
                job_errors.TooManyJobs(),
                code_errors.TooManyCodes(1000, "data.parameters.number_of_codes"),
                code_errors.InvalidCode.for_new_shoppers("may-*"),
                NO_PROMOTION,
                job_errors.NoJobsAllowed(),
                code_errors.UnsupportedConsumeUnit(),
                code_errors.CodeSpaceTooSmall(),
                job_errors.DryRunNotUsable(),
                job_errors.AlreadyImported(),
            ),
        ),
        "importRulePromotionCodes": Operation(
            "The body is the file itself, however large: CSV in UTF-8 with commas, semicolons, tabs or bars. Its first"
            " line names the columns: `code`, and if need be `uses` (or `max_uses`), `user`, `consume_unit`,"
            " `max_uses_per_shopper`, `includes_guests`, `is_for_new_shopper`. What a job for a file wrote can be"
            " imported; `uses`, what is left, then counts. A line that is wrong, or whose code exists, is refused; the"
            " others are imported. The job's file is a report of the refused lines: their numbers, codes and reasons."
            " A dry run stores nothing; its file is kept for a day, for a job that imports it. This operation is ours.",
            answer=JobAnswer,
            file="code,uses\r\nspring-1,1\r\nspring-2,1\r\n",
            options={
                "dry_run": {
                    "description": "Whether to tell only what would be imported.",
                    "schema": {"type": "boolean", "default": False},
                },
                "name": {"description": "What to call the job.", "schema": {"type": "string", "maxLength": 50}},
            },
            refuses=(
                job_errors.UnusableFile("The first line names no column code."),
                job_errors.TooManyJobs(),
                code_errors.TooManyCodes(1000),
                NO_PROMOTION,
                job_errors.NoJobsAllowed(),
            ),
        ),
        "getRulePromotionJobs": Operation(
            "A job is kept for as long as its promotion.",
            answer=JobList,
            filters=jobs.FILTERS,
            refuses=(NO_PROMOTION,),
        ),
        "getRulePromotionJob": Operation(
            "Elastic Path's API can only list jobs; asking for one is cheaper than searching the list for it.",
            answer=JobAnswer,
            refuses=(NO_PROMOTION, NO_JOB),
        ),
        "getRulePromotionJobEvents": Operation(
            "Server-Sent Events, made for EventSource: how the job stands, at once and after every change, each as"
            " `getRulePromotionJob` answers it, until it has ended. A client that comes back with `Last-Event-ID` goes"
            " on with the present state. A silent job sends a comment every few seconds. This operation is ours.",
            answer_type="text/event-stream",
            headers={"Last-Event-ID": "The id of the last event that was seen."},
            nothing="The job had ended with the last event that was seen. EventSource does not come back after it.",
            refuses=(NO_PROMOTION, NO_JOB),
        ),
        "getRulePromotionJobFile": Operation(
            "Every call gives a fresh link. The file of an import is its report.",
            answer=FileLink,
            refuses=(NO_PROMOTION, NO_JOB, job_errors.JobHasNoFile("processing")),
        ),
        "cancelRulePromotionJob": Operation(
            "A job that is processing answers as `cancelling`, and is `cancelled` once its codes are deleted.",
            answer=JobAnswer,
            refuses=(NO_PROMOTION, NO_JOB, job_errors.JobNotCancellable()),
        ),
    },
)
