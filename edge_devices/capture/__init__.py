"""Where pictures come from: a camera in a process of its own, a folder, a drawn pattern. Sends nothing."""
