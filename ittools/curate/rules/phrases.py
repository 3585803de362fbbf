"""What a chat model says of itself, what a template left over, what no text can give.

The phrase lists follow what people removed from ShareGPT and Alpaca: "unfiltered" WizardLM and Vicuna
(ehartford/WizardLM_alpaca_evol_instruct_70k_unfiltered), AlpacaDataCleaned (gururise), and Self-Instruct's
blacklist (arXiv 2212.10560, app. A), made phrases so that a mere word drops nothing.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules.details import found, told
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.reasons import any_of, because, matches, trimmed

_MODEL = (
    r"(?:large )?(?:ai|a\.i\.|artificial intelligence|gpt[- ]?\d*|machine learning)?(?:[- ]based)? ?"
    r"(?:language model|ai model|ai assistant|assistant|chat ?bot|ai)"
)
_BOILERPLATE = "|".join(
    (
        rf"\bas an? {_MODEL}(?: \(\w+\))?(?:,|[^.\n]{{0,40}}, i\b| i\b| my\b)",
        rf"\b(?:i am|i'm|i’m) (?:just |only |actually )?an? {_MODEL}\b",
        r"\bmy (?:knowledge cut-?off|training data (?:only )?(?:goes|includes|was|cut))",
        r"\bi (?:was|am|have been) (?:trained|developed|created|made) by (?:openai|anthropic|google|meta"
        r"|alibaba)\b",
        r"(?:^|[.!?\n]\s*)(?:i )?hope (?:this|that|it) (?:helps|was helpful|is helpful)\b",
        r"作为一?[个款种名位]?(?:ai|人工智能|大型|大)?(?:语言模型|人工智能助手|ai助手)",
        r"(?:希望|但愿)(?:这|以上|上述)[^。\n]{0,8}(?:帮助|有用|有所帮助)",
        r"(?:ai|인공지능) ?(?:언어 ?)?모델(?:로서|이기)|도움이 되(?:셨|었)기를",
        r"\ben tant qu[e'’] ?(?:une? )?(?:ia|intelligence artificielle|modèle de langage|assistant ia)\b",
        r"\bj'espère que (?:cela|ça) (?:vous|t')\s?(?:aide|aidera)",
        r"\bals (?:ki|ein ki|künstliche intelligenz)[- ]?(?:sprachmodell|modell|assistent)?\b",
        r"\bcomo (?:una? )?(?:ia|modelo de (?:lenguaje|linguagem)|inteligencia artificial|asistente de ia)\b",
        r"как (?:языковая модель|ии[ -]модель|искусственный интеллект)",
        r"(?:ai|人工知能)(?:言語モデル|アシスタント)(?:として|なので)",
    )
)
_PLACEHOLDER = "|".join(
    (
        r"\[(?:insert|enter|add|type|put|include|fill in|provide|specify)(?: [\w'’/]+){1,6}\]",
        r"<(?:insert|enter|add|fill in)(?: \w+){1,4}>",
        r"\{\{ ?\w+(?:[. ]\w+)* ?\}\}",
        r"\blorem ipsum\b",
        r"\[(?:插入|填写|输入|填入)[^\]\n]{1,12}\]",
        r"\[(?:insérer|insérez|einfügen|insertar|inserte|inserir|inserire|вставьте|вставить)[^\]\n]{1,20}\]"
        r"|\[[^\]\n]{1,20} (?:einfügen|eintragen|입력|삽입)\]",
    )
)
_FORM = r"template|placeholder|\bform\b|lorem|\[|\{\{|<\w|fill[- ]in|模板|模版|plantilla|vorlage|modèle de"

_SORRY = (
    r"(?:(?:i[' ’]?a?m|we[' ’]?a?re) (?:very |so |really |truly )?sorry|sorry|(?:i|my) apologi[sz]e?(?:s)?"
    r"|apologies|unfortunately|regrettably)[,.;:!]?(?: (?:but|however|for [^.,\n]{1,40}[.,]))?,?\s*"
)
_AS_MODEL = r"(?:as an? [^,.\n]{0,40}(?:ai|model|assistant|chatbot|program)[^,.\n]{0,30}, )"
_CANNOT = (
    r"i (?:can ?not|can[' ’]?t|could ?not|couldn[' ’]?t|am (?:not able|unable)|[' ’]?m (?:not able|unable)"
    r"|do not|don[' ’]?t (?:have|feel|think i can|know)|won[' ’]?t|will not|must decline|must refuse"
    r"|need more|would need)"
)
_REFUSAL = "^[\"'“ ]*(?:" + "|".join(
    (
        rf"{_SORRY}{_AS_MODEL}?{_CANNOT}",
        rf"{_AS_MODEL}{_CANNOT}",
        r"(?:i (?:can ?not|can[' ’]?t)|i (?:am|'m|’m) (?:unable|not able) to|i (?:won't|will not"
        r"|must decline to))"
        r" (?:assist|help|fulfil|comply|provide|answer|complete|generate|create|write|do (?:this|that)"
        r"|support"
        r"|engage|process|access|open|view|see|hear|perform)\b",
        r"(?:it is|this is|it's) (?:not possible|impossible) (?:for me )?to (?:answer|complete|generate"
        r"|create"
        r"|provide|fulfil|perform|do) (?:this|that|the|an?)\b",
        r"(?:对不起|抱歉|很抱歉|非常抱歉|不好意思)[，,。！ ]*(?:但|作为[^，。]{1,16}[，,])?(?:是)?[，, ]*我"
        r"(?:们)?(?:不能|无法|不会|没有|不清楚|不知道|并不|还不)",
        r"(?:作为[^，。]{1,16}[，,])?我(?:不能|无法)(?:提供|回答|完成|协助|帮助|满足|生成|执行)",
        r"(?:죄송합니다|죄송하지만|미안하지만|미안합니다)[^\n]{0,60}(?:없습니다|어렵습니다|못합니다|없어요)",
        r"(?:申し訳(?:ありません|ございません)|すみません|ごめんなさい)[^\n]{0,40}(?:できません|できかねます|わかりません)",
        r"(?:je suis|nous sommes)? ?(?:désolée?s?|navrée?s?)[ ,.]*(?:mais )?(?:je|nous) (?:ne|n['’])",
        r"(?:es )?tut mir leid,? (?:aber )?(?:ich|das|dabei) |leider kann ich",
        r"lo (?:siento|lamento),? (?:pero )?(?:no|como)\b",
        r"(?:desculpe|lamento|sinto muito)[,.]? (?:mas )?(?:eu )?(?:não|como)\b",
        r"mi (?:dispiace|spiace),? (?:ma )?(?:non|come)\b",
        r"(?:к сожалению|извините|простите|прошу прощения)[,.]? (?:но )?(?:я|как|мы) (?:не|искусств)",
        r"üzgünüm,? (?:ama |ancak )?[^.\n]{0,60}(?:amam|emem|yorum|iyorum)",
        r"valitettavasti (?:en|minä)|anteeksi, (?:mutta )?(?:en|minä)",
        r"(?:عذر[اًا]+|آسف|أعتذر)[،, ]+(?:لكن|ولكن|لا|فأنا)",
        r"(?:maaf|mohon maaf),? (?:tetapi |tapi )?saya tidak",
    )
) + ")"  # fmt: skip
_NEGATIVE = (
    r"sorry|apolog|regret|unable|able to|can(?:no|['’ ])t|impossible|unfortunately|道歉|抱歉|죄송|迷惑"
)
# a task whose answer is an apology or a refusal: a letter, a role, a translation, a classification of it
_ABOUT_REFUSING = (
    r"apolog|sorry|refus|impossible|tone|declin|reject|regret|unable|can(?:no|['’ ])t|complain|email"
    r"|e-mail|letter|reply|respon"
    r"|dialog|conversation|roleplay|role-play|pretend|character|translat|rewrite|paraphras|rephrase|correct"
    r"|道歉|拒绝|抱歉|邮件|翻译|对话|信|사과|거절|번역|대화|편지|excus|refus|traduis|tradui|lettre|absage|übersetz"
    r"|disculp|traduc|carta|извин|отказ|перевод|переведи|письмо|謝|断|翻訳|手紙|anteeks|kieltäy|käännä"
)

_PICTURE = (
    r"(?:image|picture|photo|photograph|diagram|graph|chart|screenshot|video|audio|audio clip|painting)"
)
_MADE = (
    r"(?:image|picture|photo|painting|logo|video|diagram|flow ?chart|infographic|collage|drawing|illustration"
    r"|3d model|mind ?map|(?:bar|pie|line) (?:chart|graph)|scatter ?plot|icon)"
)
_ASKED = (
    r"(?:^|[.!?:\n]\s*)(?:please |can you |could you |you (?:need|have) to |now )?"  # a request, no story
)
_POINTS = "|".join(
    (
        rf"\b(?:in|from|of|at|about|describe|caption|identify|analy[sz]e|label) (?:the|this|these"
        rf"|that) {_PICTURE}s?"
        r" (?:below|above|attached|provided|shown|given)\b",
        rf"\b(?:attached|following|accompanying|above|given|provided) {_PICTURE}s?\b",
        rf"\b(?:look at|watch|listen to|describe|caption) (?:the|this|these) {_PICTURE}s?\b",
        r"(?:看|根据|描述|分析)(?:下面|上面|以下|这张|这幅|附件)(?:的)?(?:图片|照片|图像|视频)",
        r"(?:사진|그림|이미지|동영상)(?:을|를)? ?보고|(?:絵|図|画像|写真)を見",
    )
)
_NOT_THERE = (
    r"^.{0,12}$|^\W*https?://\S+\W*$|^\W*[\[<(][^\]>)]*(?:image|img|picture|photo|video|图|사진|写真)"
)
_ASKS = "|".join(
    (
        rf"{_ASKED}(?:draw|sketch|paint|design|create|generate|make|produce|render|plot) (?:me )?"
        rf"(?:an?|the|some|this) (?:[\w-]+ ){{0,3}}{_MADE}s?\b",
        rf"{_ASKED}(?:draw|sketch|paint) (?:me )?(?:an?|some|your) ",
        rf"{_ASKED}(?:record|take|upload) (?:me )?(?:an?|some|your) (?:\w+ )?(?:photo|picture|selfie"
        rf"|video|screenshot)",
        rf"{_ASKED}(?:provide|give|send|share|post|attach)(?: \w+){{0,3}} (?:an? |the |some )?(?:\w+ )?"
        r"(?:links?|urls?|hyperlinks?) (?:to|for|of)\b",
        r"(?:^|[。！：:\n])(?:请|請)?(?:画|绘制|制作|生成|设计)(?:一|个)?[张幅个段]?[^，。\n]{0,6}"
        r"(?:图片|图像|图画|照片|视频|流程图|思维导图|徽标|标志)",
        r"(?:사진|그림|이미지|동영상)(?:을|를)? ?(?:그려|만들어)|(?:絵|図|画像)を(?:描|作)",
        r"(?:^|[.!?:\n]\s*)(?:dessine[rz]?|zeichnen? sie|zeichne|dibuja|desenhe|disegna|нарисуй(?:те)?"
        r"|piirrä)(?:\s|$)",
    )
)
# what draws by text: a program, markup, letters; and what is drawn in words alone
_DRAWN_IN_TEXT = (
    r"draw (?:an?|some|your) (?:\w+ )?(?:conclusion|comparison|inference|parallel|distinction|analog"
    r"|connection"
    r"|lesson|contrast)|"
    r"\bcode|program|python|matplotlib|css|html|svg|java|script|latex|tikz|mermaid|ggplot|ascii|\bregex"
    r"|function"
    r"|librar|代码|程序|코드|describ|describe|idea|title|caption|slogan|name for|story|plan for|steps"
)


def assistant_boilerplate(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """ "As an AI language model", "I hope this helps": what chat models say around an answer. Not where the
    task itself speaks of models."""
    said = matches(batch.column("output"), _BOILERPLATE)
    asked = any_of(*(matches(batch.column(c), _BOILERPLATE) for c in ("instruction", "input")))
    return because(pc.and_not(said, asked), "assistant-boilerplate")


def assistant_boilerplate_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    return told(found=found(batch.column("output"), _BOILERPLATE))


def placeholder(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """`[insert name]`, `{{ name }}`, lorem ipsum, left in an answer that nobody wanted as a form."""
    left = matches(batch.column("output"), _PLACEHOLDER)
    wanted = any_of(*(matches(batch.column(c), _FORM) for c in ("instruction", "input")))
    return because(pc.and_not(left, wanted), "placeholder")


def placeholder_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    return told(found=found(batch.column("output"), _PLACEHOLDER))


def refusal(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """The answer begins with a refusal, in one of fourteen languages, and the task was not to write one."""
    said = matches(trimmed(batch, "output"), _REFUSAL)
    wanted = any_of(
        matches(batch.column("instruction"), _ABOUT_REFUSING), matches(batch.column("input"), _NEGATIVE)
    )
    return because(pc.and_not(said, wanted), "refusal")


def refusal_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    return told(found=found(trimmed(batch, "output"), _REFUSAL))


def needs_other_than_text(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    """The instruction wants a picture, a recording or a link, or points at a picture that the input does not
    put into words. What code or markup can draw is text."""
    instruction = batch.column("instruction")
    points = pc.and_(matches(instruction, _POINTS), matches(batch.column("input"), _NOT_THERE))
    asks = pc.and_not(matches(instruction, _ASKS), matches(instruction, _DRAWN_IN_TEXT))
    return because(any_of(points, asks), "needs-other-than-text")


def needs_other_than_text_detail(batch: pa.RecordBatch, _: FilterOptions) -> pa.StringArray:
    instruction = batch.column("instruction")
    asks = pc.if_else(matches(instruction, _DRAWN_IN_TEXT), None, found(instruction, _ASKS))
    return told(found=pc.coalesce(asks, found(instruction, _POINTS)))
