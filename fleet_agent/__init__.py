"""Starts camera processors and their like on its own machine: one agent a node, the only holder of the engine's socket.

    orchestrator -> orchestrator_client -> handlers_orchestrator (one command after the other)
    command -> allow_list (may it? as what?) -> inventory (is it there already?) -> engine
    engine, machine, device_folder -> node_watch -> node -> orchestrator_client -> orchestrator
    done or refused -> orchestrator_client -> orchestrator

What may run here is decided by this node's own allow-list and by nobody else: an orchestrator in foreign hands can
start what the list names, on the devices and sources that it names, and nothing more.
"""
