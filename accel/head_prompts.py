"""Prompts that a model answers so that exit heads can learn from its own text: chat, code, sums, lists, edits.

Ours, and free to use. Held-out prompts ask about subjects that no training prompt mentions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

HELD_OUT_EVERY = 6  # one subject in so many is kept from training


@dataclass(frozen=True, slots=True)
class _Kind:
    """Ways to ask, and what to ask about."""

    asks: tuple[str, ...]
    subjects: tuple[str, ...]


def _split(subjects: str) -> tuple[str, ...]:
    return tuple(subject.strip() for subject in subjects.split(";"))


_KNOWLEDGE = _Kind(
    (
        "What is {}?",
        "Explain {} to a child in three sentences.",
        "What is {} known for?",
        "Give me five facts about {}.",
        "Write a short paragraph about {}.",
        "Why does {} matter?",
        "What should a beginner know about {}?",
        "How would you describe {} in simple words?",
        "Write an introduction to a school essay on {}.",
        "What are common misunderstandings about {}?",
    ),
    _split(
        "the moon; gravity; honey; the city of Rome; volcanoes; electricity; the Amazon river; bread; chess; jazz; "
        "vaccines; the French Revolution; glaciers; coffee; the human heart; black holes; the Silk Road; inflation; "
        "dolphins; steel; Japan; poetry; bicycles; the internet; the Roman Empire; rainbows; democracy; penguins; "
        "the stock market; earthquakes; the piano; recycling; the brain; DNA; whales; the printing press; Egypt; "
        "solar power; tea; the ocean; machine learning; a compiler; a neural network; climate change; antibiotics; "
        "the Great Wall of China; football; opera; cheese; mountains; bees; trains; the telescope; India; money; "
        "sleep; the Olympic Games; rice; probability; castles; sharks; the Sahara; photography; a database"
    ),
)
_WRITING = _Kind(
    (
        "Write a short story about {}.",
        "Write a poem about {}.",
        "Write a haiku about {}.",
        "Write a polite email about {}.",
        "Write a dialogue between two friends about {}.",
        "Describe {} in vivid detail.",
        "Write a product description that mentions {}.",
        "Write a letter to a grandmother about {}.",
    ),
    _split(
        "a lost cat; the first day of school; a lighthouse; rain in the city; a broken clock; an old garden; a train "
        "journey; a late delivery; winter; a birthday party; a robot who paints; a quiet village; moving house; the "
        "night sky; a new job; a meeting on Monday; a dragon; a bakery; a football match; a long walk; a red coat; "
        "an exam; a holiday by a lake; a neighbour's dog; a wedding; a storm; a library; a forgotten key"
    ),
)
_ADVICE = _Kind(
    (
        "How do I {}?",
        "Give me step by step instructions to {}.",
        "List five tips to {}.",
        "What do I need to {}?",
        "What are the pros and cons of trying to {}?",
        "Make a plan for one week to {}.",
    ),
    _split(
        "learn to cook; sleep better; save money; write a CV; grow tomatoes; learn Spanish; clean a kitchen; prepare "
        "for an interview; start running; make a budget; bake a cake; fix a flat tyre; plan a trip to Italy; read "
        "more books; train a puppy; paint a room; give a speech; build a website; drink more water; make friends in a "
        "new town; learn Python; play the guitar; reduce stress; organise a desk; cook pasta; study for a test"
    ),
)
_LISTS = _Kind(
    (
        "List ten {}.",
        "Name five {} and say one thing about each.",
        "Write a numbered list of {}.",
        "Make a table of three {} with two columns.",
        "Sort into groups: {}.",
    ),
    _split(
        "animals; colours; fruits; countries in Europe; programming languages; musical instruments; vegetables; "
        "planets; sports; famous scientists; rivers; kitchen tools; flowers; jobs; birds; inventions; cities in "
        "America; board games; books for children; pieces of furniture; kinds of cheese; trees; drinks; insects"
    ),
)
_CODE = _Kind(
    (
        "Write a Python function that {}.",
        "Write a Python function that {}, with a docstring and an example.",
        "Write a JavaScript function that {}.",
        "How can I write code that {}?",
        "Write a test for a Python function that {}.",
        'Complete this function:\n\ndef solve(x):\n    """A function that {}."""\n',
        "Explain, with code, a program that {}.",
    ),
    _split(
        "adds two numbers; reverses a string; returns the largest number of a list; counts the words of a text; "
        "checks whether a number is prime; sorts a list; removes duplicates from a list; returns the factorial of n; "
        "reads a file and counts its lines; merges two dictionaries; returns the sum of the digits of a number; "
        "checks whether a word is a palindrome; converts Celsius to Fahrenheit; finds the second largest value; "
        "returns the n-th Fibonacci number; flattens a nested list; counts the vowels of a string; computes the mean "
        "of a list; searches a sorted list; prints a multiplication table; finds all even numbers; splits a string by "
        "commas; returns the common elements of two lists; computes the area of a circle; rotates a list by k places; "
        "checks whether brackets are balanced; finds the longest word; computes the greatest common divisor; "
        "transposes a matrix; implements a stack; groups words by their first letter; replaces spaces by dashes"
    ),
)
_SQL = _Kind(
    ("Write an SQL query that {}.", "Write an SQL query that {} and explain it."),
    _split(
        "selects all users older than 30; counts the orders of each customer; finds the mean salary by department; "
        "joins orders and customers; deletes all expired sessions; lists the ten most expensive products; updates the "
        "price of a product; finds customers without an order; groups sales by month; finds double emails; creates a "
        "table of books; sums the sales of each city"
    ),
)
_EDITS = _Kind(
    (
        "Summarise: {}",
        "Translate to French: {}",
        "Translate to Spanish: {}",
        "Translate to German: {}",
        "Rewrite in a formal tone: {}",
        "Correct the grammar: {}",
        "Repeat this text word for word: {}",
        "List the nouns of this sentence: {}",
        "Continue this text: {}",
    ),
    _split(
        "The train was late, so we walked to the station cafe and sat.; My sister plays the violin and wants to join "
        "an orchestra.; Factories changed how people worked, and towns grew quickly around them.; The old man sold his "
        "boat and bought a small farm.; Our company will open two new offices next year.; She forgot her umbrella and "
        "came home wet.; Scientists found that the plant grows faster in blue light.; The children built a castle of "
        "sand near the water.; Please send the report before Friday and call me if you have questions.; The museum is "
        "open every day except Tuesday.; The cat slept on the warm roof of the car.; He learned to swim when he was "
        "forty years old.; The river flooded the valley, and many families had to leave.; The bread smells good this "
        "morning."
    ),
)
_SUMS = _Kind(
    (
        "{} Think step by step.",
        "{} Explain your answer.",
        "Solve this problem: {}",
    ),
    _split(
        "Anna has 5 pears. She buys 7 more and gives 3 away. How many pears has she now?; A train travels 60 km in an "
        "hour. How far does it travel in 4 hours?; A book costs 12 dollars. How much do 6 books cost?; There are 24 "
        "children in 4 equal groups. How many are in each group?; What is 15 percent of 80?; A rectangle is 5 cm wide "
        "and 9 cm long. What is its area?; If 3 pens cost 6 dollars, how much do 10 pens cost?; Solve 2x + 6 = 14.; "
        "Ben runs 3 km a day. How far does he run in two weeks?; A shirt of 40 dollars is reduced by a quarter. What "
        "does it cost?; What is the average of 4, 8, 12?; A tank holds 90 litres and loses 5 litres an hour. When is "
        "it empty?"
    ),
)
KINDS = (_KNOWLEDGE, _CODE, _WRITING, _EDITS, _ADVICE, _KNOWLEDGE, _CODE, _LISTS, _SUMS, _SQL)


def prompts(count: int, *, seed: int, held_out: bool = False) -> list[str]:
    """So many prompts, kinds in turn; repeated only when a kind has no new one left. The same for the same seed.

    >>> set(prompts(300, seed=0)) & set(prompts(100, seed=0, held_out=True))
    set()
    """
    dice = random.Random(f"{seed} {held_out}")
    decks: dict[_Kind, list[str]] = {kind: [] for kind in KINDS}
    drawn: list[str] = []
    while len(drawn) < count:
        kind = KINDS[len(drawn) % len(KINDS)]
        if not decks[kind]:
            decks[kind] = _deck(kind, held_out)
            dice.shuffle(decks[kind])
        drawn.append(decks[kind].pop())
    return drawn


def _deck(kind: _Kind, held_out: bool) -> list[str]:
    kept = [
        subject
        for i, subject in enumerate(kind.subjects)
        if (i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) == held_out
    ]
    return [ask.format(subject) for ask in kind.asks for subject in kept]
