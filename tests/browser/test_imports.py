"""People import files of codes: they look first, think again, go back, and come back after a crash."""

import csv
import io
import re
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser_season import HOSTILE
from support import Shop

Server = Callable[[], "subprocess.Popen[bytes]"]


def choose(page: Page, content: bytes, name: str = "spring.csv") -> None:
    page.get_by_label("CSV file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload and check").click()


def file_of(*rows: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def outcome(page: Page) -> dict[str, Any]:
    return {name: page.locator(f'[data-count="{name}"]').inner_text() for name in ("new", "duplicate", "invalid")}


MIXED = file_of(
    ("code", "uses", "user"),
    *((f"PARTNER-{number:03}", "1", f"guest{number}@example.com") for number in range(40)),
    ("partner-001", "1", ""),
    ("HELLO", "", ""),
    ("PARTNER-900", "plenty", ""),
    ("", "1", ""),
    ("PARTNER-901", "1", "", "one too many"),
)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_file_is_looked_at_thought_over_and_imported(shop: Shop, open_console, look, *, dark: bool, phone: bool):
    id_ = shop.promotion(name="Partners of spring")
    shop.add_codes(id_, "HELLO")
    name = "-".join(["", *(["phone"] if phone else []), "dark" if dark else "light"])
    page = open_console(shop, dark=dark, phone=phone)
    page.goto(f"promotions/{id_}/codes")
    page.get_by_role("link", name="Import a CSV file").click()
    look(page, "import" + name)

    choose(page, MIXED)

    button = page.get_by_role("button", name="Import 40 codes")
    expect(button).to_be_visible(timeout=60_000)
    assert outcome(page) == {"new": "40", "duplicate": "2", "invalid": "3"}
    expect(page.get_by_text("line 3 has this code already")).to_be_visible()
    expect(page.get_by_role("cell", name="guest7@example.com")).to_be_visible()
    look(page, "import-check" + name)
    assert [one["code"] for one in shop.list_codes(id_)] == ["HELLO"]

    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Import of spring.csv")).to_be_visible()
    expect(page.get_by_text("Completed")).to_be_visible(timeout=60_000)
    assert outcome(page) == {"new": "40", "duplicate": "2", "invalid": "3"}
    look(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="All of them as CSV").click()
    assert download.value.path().read_bytes().count(b"\r\n") == 6
    assert len(shop.list_codes(id_, **{"page[limit]": "100"})) == 41


def test_two_windows_and_the_way_back_lead_to_one_import(shop: Shop, open_console):
    id_ = shop.promotion(name="Once")
    page = open_console(shop)
    page.goto(f"promotions/{id_}/import")
    choose(page, b"code\nA\nB\n")
    button = page.get_by_role("button", name="Import 2 codes")
    button.wait_for(timeout=60_000)
    other = page.context.new_page()
    other.goto(page.url)

    button.click()
    expect(page.get_by_role("heading", name="Import of spring.csv")).to_be_visible()
    imported = page.url
    other.get_by_role("button", name="Import 2 codes").click()
    expect(other).to_have_url(imported)
    # A page that is about to show the end of its job would win over the way back.
    expect(page.get_by_text("Completed")).to_be_visible(timeout=60_000)
    page.go_back()
    page.reload()
    page.get_by_role("link", name="see its import").click()
    expect(page).to_have_url(imported)

    assert len(shop.list_codes(id_)) == 2


def test_a_wrong_file_is_told_at_once_and_another_can_be_chosen(shop: Shop, open_console, complaints, look):
    complaints.expected.append("422")
    id_ = shop.promotion(name="Wrong")
    page = open_console(shop)
    page.goto(f"promotions/{id_}/import")

    choose(page, b"codes;uses\nA;1\n", name="wrong.csv")
    expect(page.get_by_role("alert")).to_contain_text("The first line names a column 'codes'")
    look(page, "import-refused")
    choose(page, b"code;uses\nA;1\n", name="right.csv")

    expect(page.get_by_role("button", name="Import 1 code")).to_be_visible(timeout=60_000)


def test_an_upload_tells_how_far_it_is_and_can_be_stopped(shop: Shop, open_console):
    id_ = shop.promotion(name="Slow")
    page = open_console(shop)
    page.goto(f"promotions/{id_}/import")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 500_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)

    choose(page, b"code\n" + b"".join(b"C%07d\n" % number for number in range(1_000_000)))
    expect(page.locator("[data-sent]")).to_have_text(re.compile(r"[1-9][\d.]* of 9 MB|0\.[1-9] of 9 MB"))
    page.get_by_role("button", name="Stop").click()

    expect(page.locator("[data-sent]")).to_be_hidden()
    expect(page.get_by_role("button", name="Upload and check")).to_be_enabled()
    assert shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"] == []


def test_without_modules_the_form_sends_the_file_by_itself(shop: Shop, open_console, browser):
    id_ = shop.promotion(name="Plain")
    signed_in = open_console(shop)
    window = browser.new_context(java_script_enabled=False, storage_state=signed_in.context.storage_state())
    page = window.new_page()
    page.goto(signed_in.url.replace("/promotions", f"/promotions/{id_}/import"))
    choose(page, b"code\nA\n")

    expect(page.get_by_role("heading", name="Check of spring.csv")).to_be_visible()
    for _ in range(100):
        page.reload()
        if page.get_by_role("button", name="Import 1 code").count():
            break
    page.get_by_role("button", name="Import 1 code").click()
    expect(page.get_by_role("heading", name="Import of spring.csv")).to_be_visible()
    window.close()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_files_and_codes_made_to_do_harm_do_none(shop: Shop, open_console, look, hostile: str):
    id_ = shop.promotion(name=hostile)
    page = open_console(shop)
    page.goto(f"promotions/{id_}/import")

    choose(
        page, file_of(("code", "user"), (hostile, hostile), (hostile, ""), ("A", "", hostile)), name=f"{hostile}.csv"
    )

    page.get_by_role("button", name="Import 1 code").click(timeout=60_000)
    expect(page.get_by_text("Completed")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("cell", name=hostile, exact=True).first).to_be_visible()
    look(page)
    assert [one["code"] for one in shop.list_codes(id_)] == [hostile]


def test_an_import_is_watched_over_a_crash(shop: Shop, open_console, complaints, look, start: Server, port: int):
    complaints.cut_off()
    id_ = shop.promotion(name="Large")
    server = start()
    page = open_console(shop, url=f"http://127.0.0.1:{port}")
    page.goto(f"promotions/{id_}/import")
    choose(page, b"code\n" + b"".join(b"C%07d\n" % (number * 7919 % 400_000) for number in range(400_000)))
    page.get_by_role("button", name="Import 400,000 codes").click(timeout=60_000)
    expect(page.locator('[data-count="new"]')).not_to_have_text("0", timeout=60_000)
    look(page, "import-running")

    server.send_signal(signal.SIGKILL)
    server.wait()
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    start()

    expect(page.get_by_text("The server does not answer.")).to_be_hidden()
    expect(page.get_by_text("Completed")).to_be_visible(timeout=60_000)
    assert outcome(page)["new"] == "400,000"
