"""Tests of the room that talks HTTP."""
