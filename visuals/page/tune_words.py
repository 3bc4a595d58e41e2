"""All words of the Tune tab's form, in one table."""

WHAT_IF = "What if"
MEASURE_TITLE = "Measure it"
MEASURE_LEAD = (
    "What is predicted above is a calculation. Here every setting is really run on your prompt, and our own plain loop "
    "before each run; the speed-up is the median of such pairs, on this server. Model, device and the other knobs are "
    "those chosen in Explore."
)
SAMPLE = "Prompts that ship"
SAMPLES = {
    "A text to repeat with a change": "Rewrite this so that every cat becomes a dog: The cat sat on the mat. The cat "
    "ran to the door. The cat slept by the fire. The cat saw the moon and the cat sang to the moon.",
    "A question answered freely": "What is the capital of France, and what is it known for?",
    "A list": "List five animals and five colours, one per line.",
    "A sum, step by step": "Tom has 3 apples. He buys 4 more and gives 2 away. How many apples does Tom have? Think "
    "step by step.",
}
PROMPT = "Prompt to measure on"
METHOD = "Method"
KNOB = "Knob to turn"
VALUES = "Its values"
SECOND = "Second knob"
SECOND_VALUES = "Its values"
NONE = "none"
VALUES_HINT = "With commas between; semicolons where a value has commas"
LENGTH = "Tokens of each run"
ROUNDS = "Rounds"
MEASURE = "Measure"
STOP = "Stop"
BY_KNOB = "Speed-up by setting"
FRONT = "Pareto front"
SETTINGS = "The fastest setting, to take along"
PYTHON = "Python"
SHELL = "Command line"
JSON = "JSON"
LOADING = "Loading the model…"
READING = "Reading the prompt…"
RECORDING = "Recording one run with every layer looked at, for the predictions…"
MEASURING = "Measuring {setting} ({at} of {count})…"
DONE = "Done: {count} settings measured on {model}, {device}, {dtype}."
STOPPED = "Stopped: {done} of {count} settings measured."
LONG = "{done} of {count} settings were measured by then. Ask for fewer tokens or settings."
OPENED = "Measured on the Tune tab with {setting}: {speedup:.2f} times as fast as our own loop."
GONE = "that run is no longer kept; measure again"
HEADS_TITLE = "Exit heads for your own model"
HEADS_LEAD = (
    "A threshold means little without heads that know when they are right. Those of smollm2-135m come along; for "
    "the model chosen in Explore they can be fitted here from its own answers, and AdaDecode then uses them."
)
HEADS_OFF = (
    "Fitting heads is off on a public server, as all visitors would share them. Run DraftScope on your own machine to "
    "fit them."
)
HEADS_IDLE = "A minute or two for a small model. It can be stopped, and goes on where it was."
FIT = "Fit exit heads"
HEADS_THERE = "{model} has trained heads already (after {layers} layers); AdaDecode uses them."
HEADS_DONE = (
    "Done: heads after {layers} layers, fitted to {tokens:,} tokens of {model}'s own text. AdaDecode uses them from "
    "now on."
)
HEADS_STOPPED = (
    "Stopped: no heads were fitted. What was sampled so far is kept, so another try goes on from there."
)
