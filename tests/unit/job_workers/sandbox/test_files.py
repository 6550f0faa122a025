"""A tar that foreign code may have shaped: plain files below its folder, or nothing."""

import io
import tarfile

import pytest

from backbone.errors import BadInput
from job_workers.domain.sandbox_file import SandboxFile
from job_workers.sandbox.files import MOST_FILES, files_of_tar

MOST = 10_000


def packed(*members, mode=0o644):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.mode = mode
            if name.startswith("strange"):
                info.type, info.linkname = content, "/etc/shadow"
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def test_files_come_with_their_names_and_whether_they_run():
    assert files_of_tar(packed(("./a", b"1"), ("./b/c", b"2")), most_bytes=MOST) == (
        SandboxFile("a", b"1"),
        SandboxFile("b/c", b"2"),
    )
    assert files_of_tar(packed(("a", b""), mode=0o755), most_bytes=MOST)[0].executable


def test_links_devices_and_folders_are_left_out():
    strange = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
    assert files_of_tar(packed(*((f"strange{n}", kind) for n, kind in enumerate(strange))), most_bytes=MOST) == ()


@pytest.mark.parametrize(
    "content",
    [
        packed(("/etc/cron.d/mine", b"x")),
        packed(("../mine", b"x")),
        packed(("a/../../mine", b"x")),
        packed(("a", b"x" * (MOST + 1))),
        packed(("a", b"x" * (MOST // 2 + 1)), ("b", b"x" * (MOST // 2 + 1))),
        packed(*((f"f{number}", b"") for number in range(MOST_FILES + 1))),
        b"no tar at all",
        packed(("a", b"x" * 600))[:700],
    ],
)
def test_what_leads_out_is_too_much_or_is_broken_is_refused(content):
    with pytest.raises(BadInput):
        files_of_tar(content, most_bytes=MOST)
