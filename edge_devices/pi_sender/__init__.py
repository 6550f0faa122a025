"""Sends a folder of files to a receiver so that none is lost: `python -m edge_devices.pi_sender SERVER DIR`.

folder (what is to be sent) -> digest -> delivery (small: form_link, large: tus_link; again with backoff)
    -> receipts (is it a receipt for these bytes?) -> folder (move to sent_files/, never before)
identity says who the Pi is, progress tells what happens; form_link, tus_link and receiver are the only ways out.
"""
