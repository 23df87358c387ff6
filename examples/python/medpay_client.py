"""A client of 微信医保支付 (/payinsurance/*) in plain Python 3, standard library only.

It shares no code with medpay: signing, XML and the calls are written here from the interface
documents alone (docs/protocol.md, sections 1 to 3 and 6.1). Copy it, or read it beside the client
that you are writing in another language.
"""

import gzip
import hashlib
import json
import secrets
import urllib.parse
import urllib.request
import xml.parsers.expat


class Refused(Exception):
    """The platform said no. `code` is err_code, or "" where return_code itself was FAIL."""

    def __init__(self, code, text):
        super().__init__(f"{code or 'FAIL'}: {text}")
        self.code = code
        self.text = text


class BadAnswer(Exception):
    """The answer cannot be trusted or understood: the outcome is unknown, so ask again."""


def base_string(fields):
    """What is signed, without the key: not `sign`, nothing empty, names in ASCII order.

    "0" is a value and is signed.
    """
    signed = sorted((k, v) for k, v in fields.items() if k != "sign" and v != "")
    return "&".join(f"{name}={value}" for name, value in signed)


def sign(fields, api_key):
    """MD5 over the UTF-8 text, in upper-case hex."""
    text = f"{base_string(fields)}&key={api_key}"
    return hashlib.md5(text.encode("utf-8")).hexdigest().upper()


def idcard_md5(id_card):
    """Digest of an ID card: X in upper case, 15 digits widened to 18, lower-case hex."""
    number = id_card.strip().upper()
    if len(number) == 15:
        number = number[:6] + "19" + number[6:]
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        rest = sum(int(digit) * weight for digit, weight in zip(number, weights)) % 11
        number += "10X98765432"[rest]
    return hashlib.md5(number.encode("ascii")).hexdigest()


def to_xml(fields):
    """Each value in CDATA; "]]>" inside a value is split over two sections."""
    parts = (
        f"<{name}><![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"
        for name, value in fields.items()
    )
    return f"<xml>{''.join(parts)}</xml>".encode("utf-8")


def from_xml(body):
    """The fields of a document. A DTD is refused: nothing from outside may name entities."""
    fields, path, text = {}, [], []

    def start(name, _attributes):
        path.append(name)
        text.clear()

    def end(name):
        if len(path) == 2:
            fields[name] = "".join(text)
        path.pop()

    def doctype(*_):
        raise BadAnswer("the answer has a DTD")

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except xml.parsers.expat.ExpatError as error:
        raise BadAnswer(f"the answer is not XML: {error}") from error
    return fields


# No proxy, whatever the environment says: the town of the demo stands on this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def send(method, url, body=None, content_type="application/json", timeout=20):
    """One HTTP call; anything but 200 is no answer."""
    headers = {"Content-Type": content_type} if body is not None else {}
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return answer.read()
    except OSError as error:
        raise BadAnswer(f"{method} {url.split('?')[0]}: {error}") from error


def send_json(method, url, value=None):
    """One call of a JSON address."""
    body = None if value is None else json.dumps(value).encode("utf-8")
    return json.loads(send(method, url, body))


class Client:
    """One institution's access to the platform."""

    # Their success carries no sign (selected interfaces 1.1 and 1.2).
    UNSIGNED = ("getmedinfo", "getbindurl")

    def __init__(self, platform_url, institution):
        self.url = platform_url
        self.institution = institution
        self.key = institution["api_key"]
        self.access_token = None

    def token(self):
        """Buys an access_token; it is good for two hours of business time."""
        query = urllib.parse.urlencode({
            "grant_type": "client_credential",
            "appid": self.institution["appid"],
            "secret": self.institution["secret"],
        })
        answer = send_json("GET", f"{self.url}/cgi-bin/token?{query}")
        if "access_token" not in answer:
            raise Refused(str(answer.get("errcode", "")), answer.get("errmsg", ""))
        self.access_token = answer["access_token"]
        return answer

    def merchant(self):
        """appid and mch_id, and in service-provider mode the hospital's beside them."""
        names = ("appid", "mch_id", "sub_appid", "sub_mch_id")
        return {n: self.institution[n] for n in names if self.institution.get(n)}

    def payer(self, person):
        """openid, or sub_openid where the hospital has an account under the provider."""
        sub_appid = self.institution.get("sub_appid")
        if sub_appid and sub_appid in person["openid"]:
            return {"sub_openid": person["openid"][sub_appid]}
        return {"openid": person["openid"][self.institution["appid"]]}

    def openid(self, person):
        """The same, where the interface has one field for it."""
        return next(iter(self.payer(person).values()))

    def post(self, interface, fields):
        """Signs and sends a document, and brings back the answer's bytes."""
        document = {name: str(value) for name, value in fields.items() if value is not None}
        document.setdefault("nonce_str", secrets.token_hex(16))
        document["sign"] = sign(document, self.key)
        query = urllib.parse.urlencode({"access_token": self.access_token or ""})
        url = f"{self.url}/payinsurance/{interface}?{query}"
        return send("POST", url, to_xml(document), "application/xml; charset=utf-8")

    def call(self, interface, fields):
        """Calls an interface. Returns the fields of its success; raises Refused on its no."""
        answer = self.read(self.post(interface, fields), interface not in self.UNSIGNED)
        return answer

    def read(self, body, must_be_signed=True):
        """Checks an answer: the two codes, then the signature."""
        if body.lstrip().startswith(b"{"):
            # Troubles of the access_token may come as JSON.
            trouble = json.loads(body)
            raise Refused(str(trouble.get("errcode", "")), trouble.get("errmsg", ""))
        fields = from_xml(body)
        if fields.get("return_code") != "SUCCESS":
            raise Refused(fields.get("error_code", ""), fields.get("return_msg", ""))
        if "sign" in fields and fields["sign"].upper() != sign(fields, self.key):
            raise BadAnswer("the answer's signature is wrong")
        if fields.get("result_code") != "SUCCESS":
            raise Refused(fields.get("err_code", ""), fields.get("err_code_des", ""))
        if must_be_signed and "sign" not in fields:
            raise BadAnswer("a success without a signature is none")
        return fields

    def bill(self, day, gzipped=False):
        """A day's bill: (rows, totals), each row a dict by the header's names."""
        fields = {**self.merchant(), "bill_date": day, "bill_type": "ALL"}
        if gzipped:
            fields["tar_type"] = "GZIP"
        body = self.post("downloadbill", fields)
        if body.lstrip().startswith((b"<", b"{")):
            self.read(body)
            raise BadAnswer("a bill came as XML")
        text = (gzip.decompress(body) if gzipped else body).decode("utf-8-sig")
        return read_bill(text)


def read_bill(text):
    """Splits at ",`" and not at ",": a description may hold a comma."""
    lines = text.splitlines()
    header = lines[0].split(",")
    rows = [line for line in lines[1:-2]]
    totals = dict(zip(lines[-2].split(","), values(lines[-1])))
    return [dict(zip(header, values(row))) for row in rows], totals


def values(line):
    """The values of a line, each of which begins with a backtick."""
    return line.removeprefix("`").split(",`")
