"""All words of the page's form, in one table."""

TITLE = "DraftScope"
LEAD = "Watch a language model decode faster without changing a word: guesses drafted, checked, kept or thrown away."
EXPLORE = "Explore"
TUNE = "Tune"
RECORDED = "Play a recorded run"
LEARN = "Learn"
TRACES = "Traces"
TRACES_LEAD = (
    "Recorded runs of a real model, good and bad for their methods. Open one, and step through it in Explore."
)
UPLOAD = "Open a trace of your own"
UPLOAD_LABEL = "A .jsonl file of at most 20 MB, saved by Export or by --trace"
DETAILS = "The run in Explore"
NO_RUN = "you have not run or opened anything yet, or the page was reloaded since; run or open it again"
NO_LONGER_KEPT = (
    "this run is no longer kept, since runs of other visitors needed its room; run it or open its file again"
)
PROMPT_LABEL = "Your prompt"
PROMPT = (
    "Rewrite this so that every cat becomes a dog: The cat sat on the mat. The cat ran to the door. "
    "The cat slept by the fire. The cat sang to the moon."
)
RUN = "Run"
STOP = "Stop"
METHOD = "Method"
MODEL = "Model"
DRAFT = "Draft model"
LENGTH = "Most new tokens"
TEMPERATURE = "Temperature (0 is greedy)"
SETTINGS = "Settings: model, length, temperature, and the knobs of the method"
MORE = "More settings"
DEVICE = "Device"
DTYPE = "Number format"
TOP_K = "Top-k (0: all)"
TOP_P = "Top-p"
SEED = "Seed"
STOPS = "Stop at this text"
FOLDER = "Other model: a local folder or a hub id"
CHAT = "Use the model's chat template"
EVERY_LAYER = "Look at every layer (off the clock)"
CHECK = "Measure the model alone too, and compare the texts"
WELCOME = (
    "A recorded run of a real model: press play, or go through it step by step. Nothing has to be loaded."
)
LOADED_ANEW = (
    "The page was loaded anew, as after a broken connection. What you had typed and chosen is there; what was run or "
    "opened before is gone: run or open it again."
)
PLAYING = "A recorded run: {name}."
UPLOADED = "Your trace. Press play, or step through it."
UPLOADED_CUT = (
    "Your trace, as far as it goes: the file was cut off before its end. Press play, or step through it."
)
READING_FILE = "Reading your trace\u2026 Remove the file to stop."
FILE_STOPPED = "Stopped: the trace was not read to its end. Upload or ask again to start anew."
FILE_LONG = "Stopped: the trace took longer than {seconds} seconds; record or export a shorter run."
NO_ENGINE = (
    "Recorded runs play here without a model. To run a prompt of your own, install what is missing ({package}) "
    "with: python -m pip install -r requirements.txt -c constraints.txt, and start again."
)
WAITING = (
    "Waiting for your turn: one run comes first. You can step through the run below meanwhile.",
    "Waiting for your turn: {ahead} runs come first. You can step through the run below meanwhile.",
)
LEFT_LINE = "Stopped before your turn came: nothing was decoded."
FULL = "The server is full: {waiting} runs are waiting already. Try again in a minute; recorded runs play meanwhile."
YOUR_SHARE = (
    "Runs from your address that wait or decode: {count}; more are not allowed at once. Try again when one has ended; "
    "recorded runs play meanwhile."
)
TOO_MANY_EVENTS = (
    "Requests from your address that wait for their answers: {count}; more are not allowed at once. "
    "Try again when some are answered."
)
BUSY = "The server is busy: too many requests are waiting. Try again in a minute."
UNGUARDED = (
    "gradio {version} lacks what guards the page's queue ({missing}): requests of one address can fill it, and an "
    "error inside gradio can stop it until a restart. Install the version in constraints.txt."
)
NO_ENDPOINT = (
    "There is no such endpoint here. Programs are offered: {offered}. Where the page is served below a path, "
    "set GRADIO_ROOT_PATH to that path."
)
NO_METHOD = "The method {method} is not used here."
BAD_HOST = "The Host header is missing or is not a host name."
OTHER_HOST = (
    "{host} is not a name of this page. It is open to this machine only; where {host} is meant to be one of its names, "
    "set DRAFTSCOPE_HOSTS={host} and start it again."
)
BODY_TOO_LARGE = "The request is larger than {limit:,} bytes; at most that much is read. Send less."
BODY_TOO_MANY = "The request holds more than {limit:,} values; at most that many are read. Send fewer."
BODY_SLOW = "The request did not arrive in time; send it again."
BODY_NO_JSON = "The request is not JSON; send an object as /gradio_api/info describes it."
BODY_NO_EVENT = "fn_index: {value} is no event of this page; reload the page and try again."
BODY_BAD_FIELD = "{field}: {value} is not {wanted}; reload the page and try again."
BODY_NO_PARAMETER = "{name} is no parameter here; there are: {names}."
BODY_NEEDS_PARAMETER = "{name}: it is missing; send it."
BODY_ADDRESS = "path: {value} is not a file that was uploaded here; upload it again."
BAD_VALUE = "A value has a type or range that its control does not take; reload the page and try again."
BAD_UPLOAD = "The upload could not be read; send the file again."
DISK_FULL = "The disk of the server is full, or its room for files is; try again in {minutes} minutes."
PORT_TAKEN = "{variable}={port} cannot be used ({reason}): end the program that has it, or set another port."
NEXT_PORT = "Port {taken} is taken: the page is at port {port}."
NO_PORT = "No port from {first} to {last} is free: set {variable} to one that is."
NO_HOST = (
    "{variable}={host!r} is no address of this machine ({reason}): use 127.0.0.1, or 0.0.0.0 for all of them."
)
PUBLIC_HERE = (
    "Public limits hold, since {reason}. DRAFTSCOPE_PUBLIC=1 says so explicitly; "
    "DRAFTSCOPE_PUBLIC=0 opens the whole page, files of this machine included, to whoever reaches it."
)
BELOW_A_PATH = (
    "This page is served below {path}, and its server does not know: set GRADIO_ROOT_PATH={path} and start it again. "
    "Until then nothing can be run or opened here."
)
VALUES_KEPT = (
    "gradio {version} lacks {missing}: what tabs were shown is kept until they are forgotten, which takes memory. "
    "Install the version in constraints.txt."
)
NO_ROOM = "No files can be written to {folder} ({reason}): set GRADIO_TEMP_DIR or TMPDIR to a folder that is writable."
TOO_OFTEN = (
    "Too many requests from your address: {runs} a minute are allowed. Try again in {seconds} seconds; "
    "recorded runs play meanwhile."
)
REFUSED = "The machine refused the run: {reason} Recorded runs play meanwhile."
MEMORY = "There was not enough memory for this run; shorten the prompt or choose a smaller model."
UNEXPECTED = (
    "Something went wrong inside (reference {reference}); your prompt is untouched. Try again, or reload."
)

TIME_LIMIT = "Stopped: time limit of {seconds} seconds; "
RACE = "Race"
RACE_RECORDED = "Replay a recorded race (no model needed)"
RACE_METHODS = "Two to four methods"
RACE_EXAMPLE = "An example prompt"
RACE_EXAMPLES = {
    "Repeat a text with one change": (
        "Repeat this text word for word, but write Anna instead of Maria: Maria lives in a small house by the river. "
        "Every morning she walks to the market to buy bread and apples. Maria knows everyone there, and everyone "
        "knows Maria."
    ),
    "Four functions": "Write Python functions add, subtract, multiply and divide, each with a docstring.",
    "A list in JSON": "Write a JSON list of six people, each with name, age and city.",
    "A question": "What is the capital of France, and what is it known for?",
}
RACE_LENGTH = "Tokens each"
RACE_ROUNDS = "Rounds"
RACE_START = "Race"
RACE_OWN = "Race methods on a prompt of your own"
RACE_WELCOME = (
    "A recorded race of real runs, at the moment its winner finished. Press play to see it from the start."
)
RACE_PLAYING = "A recorded race: {name}."
RACE_READY = "Getting the methods ready\u2026"
RACE_WARM = "Warming up: {method}, {tokens} tokens."
RACE_ROUND = "Measuring, round {round} of {rounds}: {method}, {tokens} tokens."
RACE_COMPARING = "Comparing the texts\u2026"
RACE_DONE = "Measured. The race is replayed below as it was measured."
RUN_LONG = "what was decoded by then is shown. Ask for fewer tokens."
RACE_LONG = "the race below is the one from before. Ask for fewer tokens, rounds or methods."
RACE_STOPPED = "Stopped before every method had its turn; the race below is the one from before."
LOADING = "Loading the model\u2026"
READING = "Reading the prompt\u2026"
DECODING = "Decoding\u2026"
ALONE = "Measuring the model alone, for the comparison\u2026"
PAIR_LEAD = "Any two runs, side by side"
PAIR_LEFT = "Left"
PAIR_RIGHT = "Right"
PAIR_OPEN = "Compare"
PAIR_UPLOAD = "Add a trace"
PAIR_ADDED = "{name} can be chosen now."
PAIR_ADDED_CUT = "{name} can be chosen now, as far as it goes: the file was cut off."
PAIR_OPENED = "{left} beside {right}."
PAIR_RACE_LANE = "{race}: {method}"
PAIR_OWN_LANE = "Your race: {method}"
PAIR_OWN_FILE = "Your file {number}"
