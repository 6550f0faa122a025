"""The tracking conversation: who is connected, what is sought, what was seen.

objects, sightings, roster, events   the nouns, without I/O, clock or log
tracking                             decides: message -> event -> deliveries
switchboard                          the shell: stores events, then delivers
handlers_processor, handlers_client, handlers_history   what comes in
"""
