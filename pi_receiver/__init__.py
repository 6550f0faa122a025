"""Takes files of Raspberry Pis so that what was acknowledged is on the disk, whole and verified.

    Pi -> uploads (one-time channel, form) -> intake -> storage -> ledger -> receipt
    Pi -> tus (resumable)                  -> intake -> storage -> ledger -> receipt
    operator -> view: what arrived, who asks to be let in
    ledger -> forwarding: pictures to a cloudlet, videos to the footage folder

A file is hashed as it comes into a temporary file of the same file system, its digest is compared, then: fsync, link,
fsync of the folder, ledger, and only then the answer. `intake` says who a Pi is and which station it writes to,
`domain` which names are taken, `storage` that the disk's reserve stays free.
"""
