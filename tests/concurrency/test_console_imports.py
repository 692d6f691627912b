"""Very many lines go through the console's form, the API process and the worker in flat memory, each just once."""

import re
import threading
from collections.abc import Iterator

import psutil
import pytest

from installation import installed, until
from support import running_api
from visitor import Visitor

pytestmark = pytest.mark.timeout(300)

LINES = 300_000
MEGABYTES = 200


class Peaks(threading.Thread):
    """Watches how much memory processes have, with those that they started; what these share counts once."""

    def __init__(self, **processes: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.processes, self.over = processes, threading.Event()
        self.megabytes = dict.fromkeys(processes, 0)

    def run(self) -> None:
        while not self.over.wait(0.05):
            for name, process in self.processes.items():
                self.megabytes[name] = max(self.megabytes[name], _megabytes(process))


def _megabytes(process: psutil.Process) -> int:
    own = process.memory_info().rss
    for child in process.children():
        try:
            own += child.memory_full_info().uss
        except psutil.NoSuchProcess:
            continue  # it has ended just now
    return own // 1024**2


def form(token: str) -> Iterator[bytes]:
    """Yield what a browser sends: the token, then the file; every thousandth line is wrong."""
    yield b'--b\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n' + token.encode() + b"\r\n"
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="many.csv"\r\n\r\ncode,uses,user\n'
    for start in range(0, LINES, 1000):
        numbers = (number * 7919 % LINES for number in range(start, start + 1000))
        yield b"".join(
            b"C%07d,%s,somebody-with-a-long-name-%07d@example.com\n"
            % (number, b"x" if number % 1000 == 0 else b"1", number)
            for number in numbers
        )
    yield b"\r\n--b--\r\n"


def test_many_lines_are_looked_at_and_imported_in_flat_memory():
    with installed() as installation, running_api(installation.url, installation.data_dir) as url:
        shop = installation.shop(url)
        guest, promotion = Visitor(shop), shop.promotion()
        guest.sign_in()
        apis = [one for one in psutil.Process().children() if "couponry.api.process" in one.cmdline()]
        api = max(apis, key=psutil.Process.create_time)
        with installation.worker() as worker:
            peaks = Peaks(api=api, worker=psutil.Process(worker.pid))
            peaks.start()
            headers = {"Origin": guest.origin, "Content-Type": "multipart/form-data; boundary=b"}
            path = f"/console/promotions/{promotion}/import"
            answer = guest.http.post(path, content=form(guest.token()), headers=headers)
            assert answer.status_code == 303, answer.text
            tried = answer.headers["location"].removeprefix("/console")
            state = tried.replace("/import/", "/jobs/") + "/state"
            until(lambda: guest.get(state).json()["ended"], 120)
            assert "Import 299,700 codes</button>" in guest.shown(tried)

            imported = guest.post(tried).headers["location"].rpartition("/")[2]
            ended = shop.ended_job(promotion, imported, 120)
            peaks.over.set()
            peaks.join()

        assert ended["result"] == {"imported": 299_700, "duplicate": 0, "invalid": 300, "deleted": 0}
        installation.assert_exact(promotion, 299_700)
        lines = re.findall(r'<th scope="row">([\d,]+)</th><td class="mono" data-label', guest.shown(f"{tried}"))
        assert len(lines) == 100
        assert all(50 < peak < MEGABYTES for peak in peaks.megabytes.values()), peaks.megabytes
        guest.close()
        shop.close()
