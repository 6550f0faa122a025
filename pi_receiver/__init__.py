"""Takes files of Raspberry Pis so that what was acknowledged is on the disk, whole and verified.

    Pi -> handlers_upload (legacy channel) -> form_reader -> incoming -> keeper -> store -> ledger -> receipt
    Pi -> handlers_files (tus, resumable)  -> resumable   -> incoming -> keeper -> store -> ledger -> receipt
    operator -> handlers_view: what arrived, who asks to be let in

A file is hashed as it comes into a temporary file of the same file system, its digest is compared, then: fsync, link,
fsync of the folder, ledger, and only then the answer. `gate` says who a Pi is and which station it writes to, `names`
which names are taken, `space` that the disk's reserve stays free.
"""
