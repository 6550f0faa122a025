"""Everything that brings frames: a child process a source, watched; the newest frame wins.

sources   one file a kind of source, and the table in which all of them stand
"""
