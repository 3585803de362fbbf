"""What else a language is called: its codes of three letters and its English names, by its code of two.

    called("deu"), called("ger"), called("German"), called("de_AT")  -> "de"
    called(""), called("mul")                                        -> "und"

Source: ISO 639-2 and 639-3 (loc.gov/standards/iso639-2), with names that datasets use for the same.
"""

from __future__ import annotations

from functools import cache

LONGEST = 3  # letters of a code

# code, ISO 639-2 codes (T, then B), names
_TABLE = """
aa aar afar; ab abk abkhazian; ae ave avestan; af afr afrikaans; ak aka akan; am amh amharic; an arg
aragonese; ar ara arabic/standard arabic/modern standard arabic/egyptian arabic/moroccan arabic/najdi
arabic/south levantine arabic/north levantine arabic/mesopotamian arabic/tunisian arabic; as asm assamese; av
ava avaric; ay aym aymara; az aze azerbaijani/azeri/north azerbaijani/south azerbaijani; ba bak bashkir; be
bel belarusian; bg bul bulgarian; bh bih bihari languages/bihari; bi bis bislama; bm bam bambara; bn ben
bengali/bangla; bo bod/tib tibetan; br bre breton; bs bos bosnian; ca cat catalan/valencian; ce che chechen;
ch cha chamorro; co cos corsican; cr cre cree; cs ces/cze czech; cu chu church slavic/old church slavonic; cv
chv chuvash; cy cym/wel welsh; da dan danish; de deu/ger german/standard german; dv div
divehi/dhivehi/maldivian; dz dzo dzongkha; ee ewe ewe; el ell/gre greek/modern greek; en eng english/american
english/british english; eo epo esperanto; es spa spanish/castilian/latin american spanish; et est
estonian/standard estonian; eu eus/baq basque; fa fas/per persian/farsi/iranian persian/western persian/dari;
ff ful fulah/fula/fulfulde; fi fin finnish; fj fij fijian; fo fao faroese; fr fra/fre french/canadian french;
fy fry western frisian/west frisian/frisian; ga gle irish; gd gla scottish gaelic/gaelic; gl glg galician; gn
grn guarani; gu guj gujarati; gv glv manx; ha hau hausa; he heb hebrew/modern hebrew; hi hin hindi; ho hmo
hiri motu; hr hrv croatian; ht hat haitian/haitian creole; hu hun hungarian; hy hye/arm armenian; hz her
herero; ia ina interlingua; id ind indonesian; ie ile interlingue/occidental; ig ibo igbo; ii iii sichuan
yi/nuosu; ik ipk inupiaq; io ido ido; is isl/ice icelandic; it ita italian; iu iku inuktitut; ja jpn japanese;
jv jav javanese; ka kat/geo georgian; kg kon kongo; ki kik kikuyu/gikuyu; kj kua kuanyama/kwanyama; kk kaz
kazakh; kl kal kalaallisut/greenlandic; km khm khmer; kn kan kannada; ko kor korean; kr kau kanuri; ks kas
kashmiri; ku kur kurdish/northern kurdish/central kurdish/kurmanji/sorani; kv kom komi; kw cor cornish; ky kir
kirghiz/kyrgyz; la lat latin; lb ltz luxembourgish/letzeburgesch; lg lug ganda/luganda; li lim
limburgan/limburger/limburgish; ln lin lingala; lo lao lao; lt lit lithuanian; lu lub luba-katanga; lv lav
latvian/standard latvian; mg mlg malagasy/plateau malagasy; mh mah marshallese; mi mri/mao maori/māori; mk
mkd/mac macedonian; ml mal malayalam; mn mon mongolian/halh mongolian; mr mar marathi; ms msa/may
malay/standard malay; mt mlt maltese; my mya/bur burmese/myanmar; na nau nauru; nb nob norwegian
bokmål/norwegian bokmal/bokmål/bokmal; nd nde north ndebele/northern ndebele; ne nep nepali; ng ndo ndonga; nl
nld/dut dutch/flemish; nn nno norwegian nynorsk/nynorsk/new norwegian; no nor norwegian; nr nbl south ndebele;
nv nav navajo/navaho; ny nya chichewa/chewa/nyanja; oc oci occitan/provencal; oj oji ojibwa; om orm oromo/west
central oromo; or ori oriya/odia; os oss ossetian/ossetic; pa pan panjabi/punjabi; pi pli pali; pl pol polish;
ps pus pushto/pashto/northern pashto/southern pashto; pt por portuguese/brazilian portuguese/european
portuguese; qu que quechua; rm roh romansh; rn run rundi/kirundi; ro ron/rum romanian/moldavian/moldovan; ru
rus russian; rw kin kinyarwanda; sa san sanskrit; sc srd sardinian; sd snd sindhi; se sme northern sami; sg
sag sango; si sin sinhala/sinhalese; sk slk/slo slovak; sl slv slovenian; sm smo samoan; sn sna shona; so som
somali; sq sqi/alb albanian/tosk albanian; sr srp serbian; ss ssw swati; st sot southern sotho/sesotho/sotho;
su sun sundanese; sv swe swedish; sw swa swahili/kiswahili; ta tam tamil; te tel telugu; tg tgk tajik; th tha
thai; ti tir tigrinya; tk tuk turkmen; tl tgl tagalog/filipino; tn tsn tswana; to ton tonga/tongan; tr tur
turkish; ts tso tsonga; tt tat tatar; tw twi twi; ty tah tahitian; ug uig uighur/uyghur; uk ukr ukrainian; ur
urd urdu; uz uzb uzbek/northern uzbek; ve ven venda; vi vie vietnamese; vo vol volapük/volapuk; wa wln
walloon; wo wol wolof; xh xho xhosa/isixhosa; yi yid yiddish/eastern yiddish; yo yor yoruba; za zha
zhuang/chuang; zh zho/chi chinese/mandarin/mandarin chinese/simplified chinese/traditional chinese/standard
chinese/cantonese/yue chinese; zu zul zulu/isizulu; ace ace achinese/acehnese; bcl bik central bikol/bikol;
crh crh crimean tatar; ext ext extremaduran; gcf gcf guadeloupean creole french; gcr gcr guianese creole
french; gom kok goan konkani/konkani; grc grc ancient greek; guw guw gun; hbo hbo ancient hebrew; kab kab
kabyle; lij lij ligurian; nso nso pedi/northern sotho/sepedi; pcm pcm nigerian pidgin; vec vec venetian
"""
# what says nothing of a language: several, none, not known, not coded
_SILENT = "/mul/und/zxx/mis/none/unknown/undetermined/multilingual/multiple languages"


def called(text: str) -> str:
    """The code of a language by one of its codes or names, `und` for what says nothing; else what is there,
    in lower case, of a code the primary part."""
    name = text.partition("(")[0].strip().lower()
    code = name.replace("_", "-").partition("-")[0]
    known = _by_name()
    if len(code) <= LONGEST:
        return known.get(code, code)
    return known.get(name.replace("_", " "), name)


def named() -> frozenset[str]:
    """Every code that `called` answers."""
    return frozenset(_by_name().values())


@cache
def _by_name() -> dict[str, str]:
    found = dict.fromkeys(_SILENT.split("/"), "und")
    for entry in _TABLE.split(";"):
        code, codes, names = " ".join(entry.split()).split(" ", maxsplit=2)
        found |= dict.fromkeys([code, *codes.split("/"), *names.split("/")], code)
    return found
