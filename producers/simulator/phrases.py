"""What customers and agents write, by tone. Made up, in plain English; ``{thing}`` is what the intent is about.

The stock was written before anything that scores it, and is not fitted to any scorer: some phrases of a tone are weaker
than others, as with people.
"""

from __future__ import annotations

from random import Random
from typing import Literal

Tone = Literal["pleased", "neutral", "annoyed", "angry"]

THINGS = {
    "billing": "my bill",
    "fault": "my connection",
    "order": "my order",
    "technical": "my router",
    "onboarding": "my new account",
    "cancel": "my contract",
}

CUSTOMER: dict[Tone, tuple[str, ...]] = {
    "pleased": (
        "Thank you so much, that is very kind of you.",
        "Great, thanks for the quick answer about {thing}!",
        "That is really helpful, thank you.",
        "Perfect, that is just what I was hoping for.",
        "Wonderful, I am happy with that.",
        "You have been very helpful, thanks.",
        "Excellent, I appreciate you looking into {thing}.",
        "Oh that is good news, thank you!",
        "Lovely, thanks a lot for your help.",
        "I am glad that you could help me with {thing}.",
        "Brilliant, that works well for me.",
        "Nice, that was easier than I thought. Thank you!",
        "Super, thanks. You explained that very clearly.",
        "Hello! I like the service a lot so far, just a quick one about {thing}.",
        "Hi, thanks for being there. I hope that you can help me with {thing}.",
        "That sounds great to me.",
        "Awesome, thank you for your patience with me.",
        "I am really pleased with how you deal with {thing}.",
        "Thank you, you are a star.",
        "That is fantastic, thanks for checking.",
        "Good to hear, I am relieved. Thank you.",
        "Yes please, that would be wonderful.",
        "Thanks, I love how simple that is.",
        "Great service as always, thank you.",
        "I am happy to wait, you are doing a good job.",
        "That solves it, I am delighted. Thanks!",
        "Cheers, that is a very good offer.",
    ),
    "neutral": (
        "Hello, I am writing about {thing}.",
        "I would like to know more about {thing}.",
        "Can you tell me what the next step is?",
        "Let me look that up for a moment.",
        "It is the one from last Tuesday.",
        "My postcode is on the account.",
        "I think it was at the beginning of the month.",
        "Could you check {thing} for me?",
        "What do you need from me?",
        "How long does that usually take?",
        "I have the letter here in front of me.",
        "Is there a form that I should fill in?",
        "The number starts with forty two.",
        "Which page do you mean?",
        "I am at my desk now and can read it to you.",
        "Then what happens with {thing}?",
        "I moved in March, if that matters.",
        "Yes, that is the address.",
        "No, the other one.",
        "One moment, I will open the app.",
        "Do I have to sign something for {thing}?",
        "It says seventeen on the screen.",
        "When will I hear about {thing}?",
        "So it is changed from the first of next month on.",
        "I did that yesterday evening.",
        "Should I keep this chat open?",
        "Both, the landline and the mobile.",
    ),
    "annoyed": (
        "I am a bit disappointed with {thing}.",
        "This is taking longer than I thought.",
        "Sorry, but that does not really help me.",
        "I already explained that about {thing}.",
        "It is annoying that I have to ask again.",
        "That is not what I was told last time.",
        "Hmm, I am not happy with that answer.",
        "It is confusing, the website says something else.",
        "I find that hard to accept, to be honest.",
        "I have had problems with {thing} before.",
        "It is a pity that nobody told me.",
        "That seems unfair to me.",
        "I am getting tired of waiting.",
        "Unfortunately the advice about {thing} did not work.",
        "I do not understand why this is so complicated.",
        "It is still wrong, I am afraid.",
        "It failed again when I tried.",
        "I had hoped for something better than that.",
        "I am worried that {thing} will not be sorted out.",
        "That is rather frustrating.",
        "I was promised an answer and got none.",
        "It bothers me that I must repeat all this.",
        "That is a poor explanation.",
        "Your form does not work, it is a nuisance.",
        "I lost half an hour on {thing} already.",
        "I doubt that this will solve the problem.",
        "Not a good experience so far, I must say.",
    ),
    "angry": (
        "This is unacceptable, I am furious about {thing}!",
        "This is the worst service that I have ever had.",
        "You are useless, all of you. I am sick of this!",
        "I am absolutely disgusted with how you treat me.",
        "What a terrible company. I want to complain right now!",
        "I hate this, you keep lying to me about {thing}!",
        "This is a disgrace and a complete waste of my time.",
        "I am so angry, nobody cares about {thing}!",
        "That is outrageous! You are stealing my money!",
        "Pathetic. This is an awful, horrible way to treat people.",
        "I have had enough of this nonsense, it is ridiculous!",
        "You ruined my whole week with {thing}, this is appalling!",
        "Are you kidding me?! This is an absolute joke, I am furious!",
        "I am outraged. You people are liars!",
        "Terrible, terrible service. I will never trust you again!",
        "This is a scandal! I am going to sue you over {thing}!",
        "Stop it! I am fed up with your stupid excuses!",
        "How dare you! That is a shameless lie!",
        "It is a disaster, you destroyed {thing} and nobody is sorry!",
        "I am livid. This is horrible and you do nothing!",
        "You are incompetent, and I am sick and tired of it!",
        "That is disgusting behaviour, shame on you!",
        "This is a nightmare, the worst company in the country!",
        "I am extremely angry about {thing}, this is totally unacceptable!",
        "Damn it, you have failed me again, you idiots!",
        "What a horrible mess! I hate dealing with you!",
        "I am done with you! Awful, just awful!",
    ),
}

AGENT = (
    "Thank you for writing to us, I will have a look.",
    "I am checking {thing} for you now.",
    "Could you confirm your date of birth, please?",
    "I can see it here in the system.",
    "I have made a note of that.",
    "Please give me a minute.",
    "Let me ask a colleague about {thing}.",
    "Is there anything else that I can do for you?",
    "You will get a message when it is done.",
    "I understand. I will see what I can do.",
    "That has been passed on to the right people.",
    "Please try it once more and tell me what you see.",
)

SECOND = 0.25
"""How often a customer writes two sentences at a time."""


def customer_says(random: Random, tone: Tone, intent: str) -> str:
    stock = CUSTOMER[tone]
    text = " ".join(random.sample(stock, 2)) if random.random() < SECOND else random.choice(stock)
    return text.replace("{thing}", THINGS[intent])


def agent_says(random: Random, intent: str) -> str:
    return random.choice(AGENT).replace("{thing}", THINGS[intent])
