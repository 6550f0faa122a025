"""The rules of the house, each a function from the sources to the list of what breaks it; see tests/unit/test_house.py.

Nothing is listed by hand: packages, roles, tools and rooms are found by their folders and files.
    sources      every file of every package, parsed once; which package is a role, a tool, a device's
    imports      who may import whom, which library is touched where, what a domain may know
    rooms        folders that import each other in a circle
    attributes   attributes that are set on an object from outside
    foreign      which expressions are objects of a library (for `attributes`)
    files        what each file and each folder owes: `__main__`, docstring, length, tests
    rules        all of them
"""
