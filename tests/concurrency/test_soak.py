"""What `make soak` does at length, in small: redeeming under fire, and reckoning."""

from pathlib import Path

import pytest

from soak.run import Size, run
from support import seed


@pytest.mark.timeout(480)
def test_redemptions_under_fire_come_out_even(database_url: str, data_dir: Path):
    result = run(database_url, data_dir, Size(redemptions=2000, seed=seed(), kills=2, seconds=240))

    assert not result.findings, "\n".join(result.findings[:20])
    assert not [row for row in result.rows if not row.reached]
