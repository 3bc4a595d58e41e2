"""Varied prompts for the embedded model: what the tests of exactness and the speed bars decode."""

VARIED = [
    "What is the capital of France, and what is it known for?",
    "Write a haiku about the sea.",
    'def fibonacci(n):\n    """Return the n-th Fibonacci number."""\n',
    "Explain photosynthesis to a child in three sentences.",
    "Translate to French: The weather is nice today and we are going to the park.",
    "List five animals and five colours, one per line.",
    "Tom has 3 apples. He buys 4 more and gives 2 away. How many apples does Tom have? Think step by step.",
    "Summarise: The industrial revolution changed how goods were made. Machines replaced hands, factories replaced "
    "workshops, and cities grew quickly as people left the farms to find work.",
    "Repeat the word hello twenty times.",
    "Write an SQL query that selects the names of all customers who live in Berlin.",
]

# The answer is the text given, with a small edit: what drafting from earlier text is best at.
REPEAT = (
    "Repeat this text word for word, but write Anna instead of Maria:\n\n"
    "Maria lives in a small house by the river. Every morning she walks to the market to buy bread and apples. "
    "The market is old, and the people who sell there know her name. In the afternoon she reads by the window, and in "
    "the evening she writes letters to her brother in the city. Her brother writes back every week."
)
