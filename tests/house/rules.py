"""All rules of the house, in the order in which they are told."""

from tests.house import attributes, files, imports, rooms

RULES = [
    imports.packages_that_know_too_much,
    imports.relative_imports,
    imports.libraries_out_of_place,
    imports.domains_that_know_too_much,
    imports.devices_that_need_too_much,
    imports.readers_of_the_environment,
    rooms.rooms_in_a_circle,
    attributes.attributes_set_from_outside,
    files.roles_without_a_door,
    files.doings_at_import,
    files.files_not_told,
    files.too_long,
    files.openers_of_the_68_point_predictor,
    files.tests_out_of_place,
]
