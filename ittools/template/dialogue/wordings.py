"""What each task on dialogues asks, in words of our own; one wording is drawn for each record.

question: what stands after [QUESTION]; null: the row's own question.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    instructions: tuple[str, ...]
    questions: tuple[str, ...] = ()


RESPOND = Asked(
    (
        "Read the dialogue and write the turn that comes next.",
        "Continue this conversation with one fitting reply.",
        "What would the next speaker say here? Write it out.",
        "Here is the beginning of a talk. Answer the last turn in the voice of the other speaker.",
        "Write a response that follows naturally from what was said so far.",
        "You take part in this conversation and it is your turn. What do you say?",
    ),
    ("The next turn is", "The response is", "What comes next?", "The reply is"),
)
BEGIN = Asked(
    (
        "Write the next turn of the dialogue so that it begins with the words you are given.",
        "Reply to the last turn. Your reply has to start with the phrase in the question.",
        "Continue the conversation; the first words are fixed, the rest is yours.",
        "Complete the response: its opening is given, and it should fit what was said before.",
        "Give a fitting answer in this conversation that opens with the given words.",
    ),
    ('The next turn begins with "{}"', 'A response that starts with: "{}"', 'Opening words: "{}"'),
)
SELECT = Asked(
    (
        "Choose the option that continues the dialogue.",
        "Only one of these options was really said next in the conversation. Which one?",
        "Pick the reply that fits the conversation best.",
        "Several turns are offered. Select the one that follows the last turn of the dialogue.",
        "Read the conversation and decide which option is the next turn.",
        "Which of the candidates answers the last speaker? Copy it.",
    ),
    ("The next turn is", "Which option comes next?", "The best response is"),
)
NONE_FITS = Asked(
    (
        "Choose the option that continues the dialogue; if none does, choose the option that says so.",
        "Select the next turn. It may be missing from the options: then say that none of them fits.",
        "Decide which option follows the conversation, if there is one at all.",
        "Find the reply that belongs to this dialogue, and beware: perhaps it is not offered.",
        "One of the options, or none of them, is what was said next. Which is true?",
    ),
    ("The next turn is", "Which option comes next, if any?", "The best response is"),
)
FILL = Asked(
    (
        "One turn of the dialogue was replaced by [MASK]. Write the turn that is missing.",
        "Guess what was said where [MASK] stands.",
        "Fill the gap in this conversation, which is marked with [MASK].",
        "Judging from what comes before and after it, what could the turn at [MASK] have been?",
        "Restore the turn that someone cut out of this dialogue and marked as [MASK].",
    ),
    ("The missing turn is", "What stood at [MASK]?", "[MASK] stands for"),
)
STRAY = Asked(
    (
        "One turn of this dialogue comes from another conversation. Find it.",
        "Which turn does not belong here? Copy it.",
        "Somebody put a stray turn into this conversation. Tell which one it is.",
        "All turns but one belong together. Name the one that does not.",
        "Look for the turn that makes no sense in this dialogue.",
    ),
    ("The turn that does not belong is", "Which turn is the stray one?", "The odd turn is"),
)
ANSWER = Asked(
    (
        "Read the dialogue and answer the question about it.",
        "Answer the question with what the speakers say.",
        "Use the conversation to find the answer.",
        "The question is about the people in this dialogue. Answer it.",
        "What does the conversation tell about this? Answer in a few words.",
        "After reading the talk, reply to the question.",
    ),
)
CHOOSE = Asked(
    (
        "Read the dialogue and choose the answer to the question from the options.",
        "One of the options answers the question about this conversation. Which one?",
        "Pick the option that is right according to the dialogue.",
        "Use what the speakers say to select the correct answer.",
        "Answer the question about the talk; the answer is one of the options.",
        "Decide which option the conversation supports.",
    ),
)
SUMMARISE = Asked(
    (
        "Summarise the dialogue.",
        "Tell in short what this conversation is about.",
        "Write a brief summary of what the speakers say and decide.",
        "Somebody missed this conversation. Let them know what was said, in a sentence or two.",
        "Condense the talk to what matters.",
    ),
    ("The summary is", "In short:", "What was said?"),
)
WHICH_INSTRUCTION = Asked(
    (
        "You see a dialogue and what somebody wrote about it. Choose the instruction that was followed.",
        "Which of the instructions leads from this input to this output?",
        "The output answers one of the instructions in the options. Find it.",
        "Select the task that was solved here.",
        "Work backwards: given the result, which instruction was given?",
    ),
    ('Which instruction gives the output "{}"?', 'The output is "{}". The instruction was', "Output: {}"),
)
NONE = "None of the above"

ASKED = {
    "response-generation": RESPOND,
    "begins-with-generation": BEGIN,
    "next-turn-selection": SELECT,
    "none-of-the-above": NONE_FITS,
    "missing-turn": FILL,
    "stray-turn": STRAY,
    "question-answering": ANSWER,
    "question-choice": CHOOSE,
    "summarisation": SUMMARISE,
    "instruction-selection": WHICH_INSTRUCTION,
}
