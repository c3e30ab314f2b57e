"""The only room that writes outputs: eight files of a roll-out folder, its manifest, its intents, locks and mirror.

What belongs here: appending a row's outcome so that a kill loses nothing, replacing whole files atomically, reading
the ledger back and naming what is corrupt, generations, repair, locks (also over machines), the mirror. What does not:
deciding what a row's outcome is (`engine`), judging input (`intake`), logging (`run.log` is only named here).

`state_store.Ledger` is the door; `folder.RollOutFolder` names the files; `errors` holds the tree of errors.
"""
