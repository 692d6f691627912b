"""Killing workers and PostgreSQL in the middle of imports: no code is lost or made twice, no report repeats itself."""

import csv
import io
import random
import time
from typing import Any

import psutil
import psycopg
import pytest
from psycopg.types.json import Jsonb

from installation import Installation, Process, kill, persistent, until
from support import Shop, running_api

pytestmark = pytest.mark.timeout(240)

LINES = 200_000


class File:
    """A file of very many lines, in no order, some of which are refused; and what is to come of it."""

    def __init__(self, lines: int = LINES) -> None:
        dice, text = random.Random(lines), ["code,uses"]
        self.codes: dict[str, int] = {}
        self.report: list[tuple[str, str]] = []
        for line in range(2, lines + 2):
            code = f"C{dice.randrange(lines * 20):09}"
            if line % 1000 == 7:
                self.report.append((str(line), "uses is no whole number from 0 to 2147483647"))
                text.append(f"{code},x")
                continue
            text.append(f"{code},1")
            if code in self.codes:
                self.report.append((str(line), f"line {self.codes[code]} has this code already"))
            else:
                self.codes[code] = line
        self.text = "\n".join(text).encode()
        self.invalid = sum("uses" in reason for _, reason in self.report)

    def result(self, deleted: int = 0) -> dict[str, int]:
        duplicate = len(self.report) - self.invalid
        return {"imported": len(self.codes), "duplicate": duplicate, "invalid": self.invalid, "deleted": deleted}


@pytest.fixture(scope="module")
def file() -> File:
    return File()


def upload(shop: Shop, promotion: str, text: bytes, **query: str) -> str:
    path, headers = f"/v2/rule-promotions/{promotion}/jobs/code_import", {"Content-Type": "text/csv"}
    answer = shop.http.post(path, content=text, params=query, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def assert_imported(installation: Installation, shop: Shop, promotion: str, job: str, file: File) -> None:
    ended = shop.ended_job(promotion, job, 120)
    assert (ended["status"], ended["result"]) == ("completed", file.result())
    assert report_of(shop, promotion, job) == file.report
    dry = ended["dry_run"]
    installation.assert_exact(promotion, 0 if dry else len(file.codes))
    if not dry:
        stored = installation.rows("SELECT code FROM promotion_codes WHERE promotion_id = %s", [promotion])
        assert {code for (code,) in stored} == set(file.codes)
    assert left_of_lines(installation) == 0


def report_of(shop: Shop, promotion: str, job: str) -> list[tuple[str, str]]:
    link = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs/{job}/file").json()["href"]
    lines = csv.reader(io.StringIO(shop.nobody.get(link).text, newline=""))
    return [(line, reason) for line, _, reason in list(lines)[1:]]


def left_of_lines(installation: Installation) -> int:
    counts = "SELECT (SELECT count(*) FROM import_refusals) + (SELECT count(*) FROM import_keys)"
    return installation.rows(counts)[0][0]


@pytest.mark.parametrize("dry_run", ["false", "true"])
def test_a_batch_that_was_taken_in_but_not_committed_is_taken_in_again(
    installation: Installation, shop: Shop, file: File, dry_run: str
):
    promotion = shop.promotion()
    with installation.worker() as worker:
        job = upload(shop, promotion, file.text, dry_run=dry_run)
        until(lambda: installation.done(job))
        with installation.locked(job):
            until(lambda: installation.waiting("UPDATE promotion_jobs SET done"))
            kill(worker)
    with installation.worker():
        assert_imported(installation, shop, promotion, job, file)


@pytest.mark.parametrize("dry_run", ["false", "true"])
def test_a_worker_is_killed_right_after_each_batch(installation: Installation, shop: Shop, file: File, dry_run: str):
    promotion = shop.promotion()
    job = upload(shop, promotion, file.text, dry_run=dry_run)
    for _ in range(3):
        before = installation.done(job)
        with installation.worker() as worker:
            until(lambda before=before: installation.done(job) > before)
            kill(worker)
    with installation.worker():
        assert_imported(installation, shop, promotion, job, file)


def test_a_worker_is_killed_while_the_report_is_written(installation: Installation, shop: Shop, file: File):
    promotion = shop.promotion()
    with installation.worker() as worker:
        job = upload(shop, promotion, file.text)
        until(lambda: installation.done(job))
        with psycopg.connect(installation.url) as connection:
            connection.execute("LOCK TABLE import_refusals IN SHARE ROW EXCLUSIVE MODE")
            connection.rollback()
        until(lambda: installation.done(job) == LINES)
        kill(worker)
    with installation.worker():
        assert_imported(installation, shop, promotion, job, file)


def test_postgresql_is_killed(installation: Installation, shop: Shop, file: File):
    promotion = persistent(shop).promotion()
    with installation.worker():
        job = upload(shop, promotion, file.text)
        until(lambda: installation.done(job))
        installation.kill_postgres()
        installation.restart_postgres()
        assert_imported(installation, shop, promotion, job, file)


def test_what_a_cancelled_import_imported_is_taken_back(installation: Installation, shop: Shop, file: File):
    promotion = shop.promotion()
    shop.add_codes(promotion, "mine")
    with installation.worker() as worker:
        job = upload(shop, promotion, file.text)
        until(lambda: installation.done(job))
        installation.change(USE_ONE, [promotion, promotion])
        assert shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel").status_code == 200
        kill(worker)
    with installation.worker():
        ended = shop.ended_job(promotion, job)
        assert ended["status"] == "cancelled"
        assert 0 < ended["result"]["imported"] == ended["result"]["deleted"] + 1
        installation.assert_exact(promotion, 2)
        until(lambda: installation.files() == [] or promotion not in str([*installation.exports.rglob(f"*{job}*")]))
    assert left_of_lines(installation) == 0
    assert [*installation.exports.rglob(f"*{job}*")] == []


USE_ONE = """
UPDATE promotion_codes SET used = 1 WHERE promotion_id = %s AND code = (
    SELECT code FROM promotion_codes WHERE promotion_id = %s AND max_uses = 1 LIMIT 1
)
"""


def test_the_file_of_a_job_cancelled_before_it_began_is_removed(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job = upload(shop, promotion, b"code\na\n")
    assert [*installation.exports.rglob(f"{job}*")]
    answer = shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel").json()["data"]
    assert (answer["status"], answer["result"]["imported"]) == ("cancelled", 0)
    with installation.worker():
        until(lambda: not [*installation.exports.rglob(f"{job}*")])
        until(lambda: not installation.rows("SELECT FROM uploads WHERE promotion_id = %s", [promotion]))


def test_a_file_that_no_job_came_of_is_removed_after_a_day(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    old, new = "01900000-0000-7000-8000-00000000000a", "01900000-0000-7000-8000-00000000000b"
    folder = installation.exports / shop.store_id / promotion
    folder.mkdir(parents=True)
    for id_, age in ((old, "25 hours"), (new, "23 hours")):
        (folder / f"{id_}_upload.csv#1").write_text("code\na\n")
        note = "INSERT INTO uploads VALUES (%s, %s, %s, now() - %s::interval)"
        installation.change(note, [shop.store_id, promotion, id_, age])
    with installation.worker():
        until(lambda: len([*folder.iterdir()]) == 1)
    assert [path.name for path in folder.iterdir()] == [f"{new}_upload.csv#1"]
    assert shop.http.delete(f"/v2/rule-promotions/{promotion}").status_code == 204
    with installation.worker():
        until(lambda: not installation.rows("SELECT FROM promotions WHERE id = %s", [promotion]))
    assert installation.rows("SELECT FROM uploads WHERE promotion_id = %s", [promotion]) == []


def tried(installation: Installation, shop: Shop, promotion: str, text: bytes = b"code\na\n") -> str:
    """Make a dry run and return its id; no worker is there any more."""
    job = upload(shop, promotion, text, dry_run="true")
    with installation.worker():
        assert shop.ended_job(promotion, job)["status"] == "completed"
    return job


def import_tried(shop: Shop, promotion: str, dry_run: str) -> Any:
    body = {"type": "promotion_job", "job_type": "code_import", "dry_run_id": dry_run}
    return shop.start_job(promotion, body)


def age(installation: Installation, job: str) -> None:
    assert installation.change("UPDATE uploads SET created_at = now() - interval '25 hours' WHERE job_id = %s", [job])


def uploads(installation: Installation, job: str) -> list[str]:
    return [path.name for path in installation.exports.rglob(f"{job}_upload*")]


def test_the_file_of_a_dry_run_is_kept_for_a_day(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    young, old = (tried(installation, shop, promotion) for _ in range(2))
    age(installation, old)
    with installation.worker():
        until(lambda: not uploads(installation, old))
        time.sleep(4)  # the worker has looked again
    assert uploads(installation, young)
    refused = import_tried(shop, promotion, old)
    assert (refused.status_code, "not kept any more" in refused.text) == (422, True)
    assert import_tried(shop, promotion, young).status_code == 201


def test_the_file_of_a_dry_run_stays_while_it_is_imported_and_goes_when_that_is_done(
    installation: Installation, shop: Shop, file: File
):
    promotion = shop.promotion()
    dry_run = tried(installation, shop, promotion, file.text)
    job = import_tried(shop, promotion, dry_run).json()["data"]["id"]
    age(installation, dry_run)
    for _ in range(2):
        before = installation.done(job)
        with installation.worker() as worker:
            until(lambda before=before: installation.done(job) > before)
            kill(worker)
    with installation.worker():
        assert_imported(installation, shop, promotion, job, file)
        until(lambda: not uploads(installation, dry_run))


def test_what_was_imported_is_refused_though_its_file_is_still_there(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    dry_run = tried(installation, shop, promotion)
    job = import_tried(shop, promotion, dry_run).json()["data"]["id"]
    end_of_the_job = "UPDATE promotion_jobs SET status = 'completed' WHERE id = %s"
    installation.change(end_of_the_job, [job])
    refused = import_tried(shop, promotion, dry_run)
    assert (refused.status_code, refused.json()["errors"][0]["title"]) == (409, "Already imported")


def test_who_begins_an_import_keeps_its_file_from_being_removed(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    dry_run = tried(installation, shop, promotion)
    age(installation, dry_run)
    with psycopg.connect(installation.url) as connection:  # as somebody who is just about to import it
        connection.execute("SELECT FROM uploads WHERE job_id = %s FOR UPDATE", [dry_run])
        with installation.worker():
            until(lambda: installation.waiting("FROM uploads"))
            connection.execute(
                "INSERT INTO promotion_jobs SELECT (jsonb_populate_record(job, %s)).* FROM promotion_jobs AS job"
                " WHERE id = %s",
                [
                    Jsonb({"id": promotion, "dry_run_id": dry_run, "dry_run": False, "status": "cancelling"}),
                    dry_run,
                ],
            )
            connection.commit()
            until(lambda: not installation.waiting("FROM uploads"))
            time.sleep(0.5)
        assert uploads(installation, dry_run)


def test_a_file_has_a_greatest_size(installation: Installation, shop: Shop):
    promotion, headers = shop.promotion(), {"Content-Type": "text/csv"}
    path = f"/v2/rule-promotions/{promotion}/jobs/code_import"
    text = b"code\n" + b"abcdefg\n" * 20_000
    with running_api(installation.url, installation.data_dir, max_import_bytes="100000") as url:
        there = Shop(url, shop.store_id, shop.client_id, shop.client_secret)
        for content in (text, (text[at : at + 1000] for at in range(0, len(text), 1000))):
            refused = there.http.post(path, content=content, headers=headers)
            assert (refused.status_code, refused.json()["errors"][0]["title"]) == (413, "Request Entity Too Large")
        assert there.http.post(path, content=text[:100_000], headers=headers).status_code == 201
        there.close()
    assert len([*(installation.exports / shop.store_id / promotion).iterdir()]) == 1
    [job] = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"]
    shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job['id']}/cancel")


def test_a_job_whose_file_is_not_there_says_so(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job = upload(shop, promotion, b"code\na\n")
    for path in installation.exports.rglob(f"{job}*"):
        path.unlink()
    with installation.worker():
        ended = shop.ended_job(promotion, job)
    assert (ended["status"], ended["error"]) == (
        "failed",
        "The uploaded file is not in the place for files; API processes and workers must share it.",
    )


def test_nothing_is_left_of_a_promotion_deleted_while_it_imports(installation: Installation, shop: Shop, file: File):
    promotion = shop.promotion()
    with installation.worker():
        job = upload(shop, promotion, file.text)
        until(lambda: installation.done(job))
        assert shop.http.delete(f"/v2/rule-promotions/{promotion}").status_code == 204
        until(lambda: not installation.rows("SELECT FROM promotions WHERE id = %s", [promotion]))
    assert left_of_lines(installation) == 0
    assert [*installation.exports.rglob(f"{job}*")] == []
    assert installation.rows("SELECT FROM promotion_codes WHERE promotion_id = %s", [promotion]) == []


def test_a_million_lines_are_imported_in_flat_memory(installation: Installation, shop: Shop):
    promotion, file = shop.promotion(), File(1_000_000)
    with installation.worker() as worker:
        job, peak = upload(shop, promotion, file.text), 0
        until(lambda: installation.done(job))
        while shop.job(promotion, job)["status"] == "processing":
            peak = max(peak, megabytes(worker))
        assert_imported(installation, shop, promotion, job, file)
    assert 50 < peak < 200


def megabytes(worker: Process) -> int:
    """Return what a worker and its processes have in memory together; what they share counts once."""
    found = psutil.Process(worker.pid)
    children = sum(child.memory_full_info().uss for child in found.children())
    return (found.memory_info().rss + children) // 1024**2
