"""The life of one object, as a story: created, built, compiled, frozen, trained, saved; where, and what is wrong.

for story in stories_at(opened, "train.py", Span(120, 120), lambda paths: result.diagnostics):
    print(story.title, story.subtitle)
"""

from kerasast.lifecycle.finding import stories_at
from kerasast.lifecycle.story import Moment, Story

__all__ = ["Moment", "Story", "stories_at"]
