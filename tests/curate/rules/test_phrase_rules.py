"""What chat models say around an answer, what templates leave, what no text can give."""

from __future__ import annotations

import pytest
from judging import ASK, judged


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        ("As an AI language model, I do not have a home.", True),
        ("As an AI, I cannot tell.", True),
        ("As a large language model (LLM), I have no favourite.", True),
        ("I'm just an AI assistant and have no home.", True),
        ("It is a small town. I hope this helps!", True),
        ("Hope this helps! Thank you for asking.", True),
        ("I was trained by OpenAI on many texts.", True),
        ("作为一个人工智能语言模型，我没有家。", True),
        ("希望以上信息对你有所帮助。", True),
        ("AI 언어 모델로서 저는 집이 없습니다.", True),
        ("En tant que modèle de langage, je n'ai pas de maison.", True),
        ("Als KI-Sprachmodell habe ich kein Zuhause.", True),
        ("Como modelo de lenguaje, no tengo casa.", True),
        ("Как языковая модель, я не имею дома.", True),
        ("As an AI researcher, she lives in Oslo.", False),
        ("An AI language model predicts the next word.", False),
        ("He hopes this helps the poor.", False),
        ("Please let me know if you have any questions.", False),  # letters end so
        ("人工智能模型需要数据。", False),
    ],
    ids=lambda value: str(value)[:24],
)
def test_boilerplate_of_assistants(output: str, dropped: bool) -> None:
    assert judged("assistant-boilerplate", output) is dropped


def test_boilerplate_stays_where_the_task_speaks_so() -> None:
    said = "As an AI language model, I cannot eat."
    assert judged("assistant-boilerplate", said)
    assert not judged("assistant-boilerplate", said, "Continue: As an AI language model, I")
    assert not judged("assistant-boilerplate", said, "Correct it.", "As an AI language model, I cannot eats.")


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        ("Dear [insert name], we are pleased.", True),
        ("[Insert Bar Chart]", True),
        ("Hello <insert name here>, how are you?", True),
        ("Hello {{ customer.name }}, how are you?", True),
        ("Lorem ipsum dolor sit amet", True),
        ("亲爱的[插入姓名]，您好。", True),
        ("Cher [insérer le nom], bonjour.", True),
        ("Liebe [Name einfügen], guten Tag.", True),
        ("Dear [Your Name], this is a letter's form.", False),
        ("x = a[index]; insert(name)", False),
        ("The array [1, 2] and the set {a}", False),
        ("<input type='text'>", False),
    ],
)
def test_what_a_template_left_over(output: str, dropped: bool) -> None:
    assert judged("placeholder", output) is dropped
    assert not judged("placeholder", output, "Write a template with placeholders for a letter.")


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I’m sorry, I can’t help you with this.", True),
        ("I am sorry but I am unable to do so.", True),
        ("Sorry, I can't play the song.", True),
        ("Unfortunately, I cannot determine the angle.", True),
        ("I cannot provide that information.", True),
        ("As an AI language model, I cannot eat.", True),
        ("对不起，我不能回答这个问题。", True),
        ("抱歉，作为AI助手，我无法提供。", True),
        ("죄송합니다. 저는 그 질문에 답할 수 없습니다.", True),
        ("申し訳ありませんが、お答えできません。", True),
        ("Je suis désolé, mais je ne peux pas répondre.", True),
        ("Es tut mir leid, aber ich kann das nicht.", True),
        ("Lo siento, pero no puedo ayudarte.", True),
        ("Desculpe, mas não posso ajudar.", True),
        ("Mi dispiace, ma non posso aiutarti.", True),
        ("К сожалению, я не могу ответить.", True),
        ("Üzgünüm, ama buna yardım edemiyorum.", True),
        ("Valitettavasti en voi auttaa.", True),
        ("عذراً، لا أستطيع المساعدة.", True),
        ("Maaf, saya tidak dapat membantu.", True),
        ("I cannot recommend this restaurant highly enough!", False),
        ("Sorry is the hardest word.", False),
        ("Unfortunately, the harbour was closed.", False),
        ("He said: I'm sorry, but I can't help.", False),  # not at the start
        ("对不起这个词很难说。", False),
        ("Es tut mir leid um den Hafen.", False),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_refusal_begins_the_answer_in_many_languages(output: str, dropped: bool) -> None:
    assert judged("refusal", output) is dropped


@pytest.mark.parametrize(
    ("instruction", "input"),
    [
        ("Write an apology to a customer.", ""),
        ("Decline the invitation politely.", ""),
        ("Translate it to English.", "对不起，我不能来。"),
        ("Make it informal.", "I regret that I will not be able to attend."),
        ("写一封道歉信。", ""),
        ("이 문장을 번역하세요.", "못 갑니다"),
        ("Rédige une lettre de refus.", ""),
    ],
)
def test_a_refusal_stays_where_it_is_the_task(instruction: str, input: str) -> None:
    assert judged("refusal", "I'm sorry, but I can't come.", ASK)
    assert not judged("refusal", "I'm sorry, but I can't come.", instruction, input)


@pytest.mark.parametrize(
    ("instruction", "input", "dropped"),
    [
        ("Draw a picture of a cat.", "", True),
        ("Please design a logo for a café.", "", True),
        ("Create a bar chart from the data.", "1, 2, 3", True),
        ("Describe the image below.", "", True),
        ("Caption the following photo.", "https://example.org/cat.jpg", True),
        ("What is shown in the attached picture?", "[image]", True),
        ("Provide a link to the paper.", "", True),
        ("画一张猫的图片", "", True),
        ("描述下面的照片", "[插入图片]", True),
        ("고양이 그림을 그려 주세요", "", True),
        ("Dessine un chat.", "", True),
        ("Нарисуй кошку на окне.", "", True),
        ("Caption the following photo.", "Photo: a basketball player dunks the ball.", False),
        ("描述下面的照片", "图：在办公室工作的一个男人和女人", False),
        ("Imagine an image of the future.", "", False),
        ("Draw a conclusion from these facts.", "", False),
        ("Write Python code to plot a bar chart.", "", False),
        ("Maria wants to paint a picture. How much is it?", "", False),
        ("Explain how cameras take pictures.", "", False),
        ("Predict whether the user will click the link.", "Buy now", False),
        ("Take a list of words and sort it.", "b, a", False),
        ("看图说话是什么意思？", "", False),
    ],
)
def test_tasks_that_need_other_than_text(instruction: str, input: str, dropped: bool) -> None:
    assert judged("needs-other-than-text", "Fine.", instruction, input) is dropped
