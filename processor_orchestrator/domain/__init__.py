"""Values and decisions of the control plane: no I/O, no clock, no log. Imports no other room of the role.

case, open_cases, case_events      who is sought, and what happens to a case; stored events are facts
camera, conversation, case_messages   who is connected, and what has to be said to whom
sighting, sighting_book            where and when sought persons were seen
cloudlet, node                     machines that joined
snap, snap_device, snippet         pictures on command
events                             what else happens, worth something only at its moment
"""
