"""A page that is left open over a restart goes on as soon as the server does."""

import re
import signal
import subprocess
from collections.abc import Callable

from playwright.sync_api import expect

from support import Shop

Server = Callable[[], "subprocess.Popen[bytes]"]


def test_a_job_is_watched_over_a_crash_and_a_form_keeps_what_was_typed(
    shop: Shop, open_console, complaints, start: Server, port: int
):
    complaints.cut_off()
    id_ = shop.promotion(name="Big")
    server = start()
    page = open_console(shop, url=f"http://127.0.0.1:{port}")
    form = page.context.new_page()
    complaints.listen(form, f"127.0.0.1:{port}")
    form.goto("promotions/new")
    form.locator('[id="rules.strategy"]').wait_for()
    page.goto(f"promotions/{id_}/jobs")
    page.get_by_label("How many").fill("1500000")
    page.get_by_label("Drawn characters").fill("12")
    page.get_by_role("button", name="Generate", exact=True).click()
    # Before that the browser may still be fetching what follows the job.
    expect(page.locator("[data-tally]")).to_have_text(re.compile("a second"))

    server.send_signal(signal.SIGKILL)
    server.wait()
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    form.locator("#name").fill("Typed while nobody listened")
    form.locator('[id="rules.args.0"]').fill("7700")
    start()

    expect(page.get_by_text("The server does not answer.")).to_be_hidden()
    expect(page.locator(".tally").first).to_have_text(re.compile("a second|1,500,000 codes generated"), timeout=60_000)
    expect(form.locator("[data-sentence]")).to_contain_text("77.00 or more")
    form.get_by_role("button", name="Create promotion").click()
    expect(form.get_by_role("heading", level=1)).to_have_text("Typed while nobody listened")
    if page.get_by_role("button", name="Cancel").count():
        page.get_by_role("button", name="Cancel").click()


def test_who_is_signed_out_elsewhere_is_told_by_the_page_that_follows_a_job(shop: Shop, open_console, complaints):
    complaints.expected.append("401")
    id_ = shop.promotion(name="Big")
    page = open_console(shop)
    page.goto(f"promotions/{id_}/jobs")
    page.get_by_label("How many").fill("4000000")
    page.get_by_label("Drawn characters").fill("12")
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.locator("[data-tally]")).to_have_text(re.compile("a second"))
    other = page.context.new_page()
    other.goto("promotions")
    other.get_by_role("button", name="Sign out").click()
    other.get_by_role("heading", name="Sign in").wait_for()

    page.bring_to_front()
    expect(page.get_by_text("You are not signed in any more.")).to_be_visible(timeout=15_000)
    assert page.url.endswith("/jobs")
    job = shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"][0]["id"]
    assert shop.http.post(f"/v2/rule-promotions/{id_}/jobs/{job}/cancel").status_code == 200
    shop.ended_job(id_, job)
