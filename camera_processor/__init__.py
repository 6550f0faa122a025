"""Looks for the sought people where the pictures are taken: one camera, one process.

    source -> capture (child process, watched) -> newest frame
    newest frame -> pipeline: detect -> track -> re-identify -> boxes -> orchestrator_client -> orchestrator
    orchestrator -> orchestrator_client -> commands -> (between two frames) pipeline
    while somebody watches: frame -> one JPEG -> own /stream, or orchestrator's /stream

Pictures leave only as live JPEGs that somebody watches and as small crops of identified faces.
"""
