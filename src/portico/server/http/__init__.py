"""HTTP on the one port: aiohttp reads and writes the messages, the command table answers.

    Connection ── sniffed HTTP ──> Conversation ──> aiohttp's protocol ──> guard ──> routes ──> commands
                                        │                                              │
                                        └── deadlines, back-pressure, `Flows` <────────┘ sendfile, pushes

`site` brings it together; each module beside it answers one kind of request.
"""
