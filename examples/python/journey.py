"""The whole journey of a patient, played by a client that knows nothing but the wire.

    medpay demo --ready-file ready.json        # in one terminal
    python3 journey.py --ready-file ready.json # in another

Everything is taken from the ready file: addresses, credentials, patients, and the doors that stand
for a tap on the phone. Exits 0 only if every step holds.
"""

import argparse
import datetime
import json
import secrets
import sys
import time

from medpay_client import BadAnswer, Client, Refused, idcard_md5, send_json

BEIJING = datetime.timezone(datetime.timedelta(hours=8))

# Amounts in fen. pay_type: 1 cash, 2 insurance, 3 both. An insurance part of 0 with pay_type 3 is
# 0元医保: the bureau books it.
ORDERS = {
    "insurance only": {"type": "DiagPay", "pay_type": 2, "total": 905, "cash": 0, "insurance": 905},
    "mixed": {"type": "DiagPay", "pay_type": 3, "total": 3050, "cash": 1000, "insurance": 2050},
    "zero insurance": {"type": "RegPay", "pay_type": 3, "total": 1500, "cash": 1500, "insurance": 0},
    "cash only": {"type": "RegPay", "pay_type": 1, "total": 2000, "cash": 2000, "insurance": 0},
    "scanned": {"type": "DiagPay", "pay_type": 3, "total": 4200, "cash": 1200, "insurance": 3000},
    # 142 fen: the bureau refuses after the cash was taken (docs/protocol.md, section 11).
    "refused": {"type": "DiagPay", "pay_type": 3, "total": 142, "cash": 42, "insurance": 100},
    "closed": {"type": "DiagPay", "pay_type": 2, "total": 600, "cash": 0, "insurance": 600},
}


class Wrong(Exception):
    """A step did not hold."""


def equal(what, found, wanted):
    if found != wanted:
        raise Wrong(f"{what} is {found!r}, not {wanted!r}")


def eventually(what, question, seconds=15):
    """Asks until the answer is true; workers act a moment after the request is answered."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Wrong(f"{what} did not come within {seconds} s")
        time.sleep(0.05)


def refused_with(code, call):
    try:
        call()
    except Refused as refusal:
        equal("err_code", refusal.code, code)
        return refusal
    raise Wrong(f"accepted, although {code} was due")


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02d}"


class Town:
    """The ready file: the doors that stand for a tap."""

    def __init__(self, ready):
        self.ready = ready

    def tap(self, door, **given):
        """Fills the door's placeholders and makes its call."""
        door = self.ready[door]

        def fill(value):
            if isinstance(value, dict):
                return {name: fill(inner) for name, inner in value.items()}
            if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
                return given[value[1:-1]]
            return value

        return send_json(door["method"], door["url"], fill(door["body"]))

    def now(self, advance=0):
        answer = self.tap("clock", seconds=advance)
        return datetime.datetime.fromtimestamp(answer["now"] / 1000, BEIJING)

    def move_to(self, moment):
        """Moves the test clock to a moment, forward only."""
        ahead = (moment - self.now()).total_seconds()
        return self.now(advance=max(0, int(ahead) + 1))

    def inbox(self, openid):
        return self.tap("inbox", openid=openid)["messages"]


class Visit:
    """One patient at one institution."""

    def __init__(self, town, institution, person):
        self.town = town
        self.institution = institution
        self.person = person
        self.client = Client(town.ready["platform_url"], institution)
        self.openid = self.client.openid(person)
        self.run = secrets.token_hex(4)
        self.orders = {}

    # -- the card ---------------------------------------------------------------------------

    def token(self):
        answer = self.client.token()
        equal("expires_in", answer["expires_in"] > 0, True)
        return "an access_token"

    def card(self):
        return self.client.call("getmedinfo", {
            "openid": self.openid,
            "name": self.person["name"],
            "idcard_md5": idcard_md5(self.person["id_card"]),
        })

    def card_is_unbound(self):
        refusal = refused_with("80004", self.card)
        return f"80004 {refusal.text}"

    def bind(self):
        link = self.client.call("getbindurl", {
            "openid": self.openid,
            "url": "https://hospital.example/bound",
            "from": "journey",
            "city_id": self.institution["city_id"],
        })
        equal("expires_in > 0", int(link["expires_in"]) > 0, True)
        page = self.town.tap("bind", openid=self.openid, bind_url=link["bind_url"])
        equal("the page's ok", page["ok"], True)
        return page["message"]

    def card_is_bound(self):
        card = self.card()
        for field in ("medical_card_no", "medical_card_id", "medical_user_id"):
            equal(f"{field} is there", bool(card.get(field)), True)
        equal("medical_insurance_type", card.get("medical_insurance_type", ""),
              self.person["medical_insurance_type"])
        self.card_id = card["medical_card_id"]
        return f"type {card['medical_insurance_type']}"

    # -- what stands in every document about this patient --------------------------------------

    def patient(self):
        return {
            "user_card_type": 1,
            "user_card_no": self.person["idcard_md5"],
            "user_name": self.person["name"],
        }

    def hospital(self, number):
        return {
            **self.client.merchant(),
            "hosp_out_trade_no": number,
            "hospital_name": self.institution["name"],
            "spbill_create_ip": "10.193.0.1",
            "city_id": self.institution["city_id"],
            "org_no": self.institution["org_no"],
            "serial_no": f"S{number[1:]}",
            "gmt_out_create": self.town.now().strftime("%Y%m%d%H%M%S"),
        }

    def registration_content(self, total):
        """The Shenzhen dialect: yuan as text, ghf + zjzj = ghhj, ssj and zsj 0."""
        fee = total // 2
        return json.dumps({"registration_order_pay": {
            "yljgbm": self.institution["org_no"],
            "ylzh": self.card_id,
            "czybm": "0001",
            "czyxm": "自助",
            "mzgghdj": {
                "brlx": "1", "mzlsj": "", "ksbm": "0101", "ksmc": "内科门诊", "ghlb": "1",
                "ghf": yuan(fee), "zjzj": yuan(total - fee), "ghhj": yuan(total),
                "ssj": "0", "zsj": "0",
            },
        }}, ensure_ascii=False)

    def preregister(self):
        number = f"R{self.run}"
        answer = self.client.call("preregister", {
            **self.hospital(number), **self.client.payer(self.person), **self.patient(),
            "body": "门诊挂号", "request_content": self.registration_content(1500),
        })
        equal("response_content is there", bool(answer.get("response_content")), True)
        return "registered with the bureau"

    # -- orders -------------------------------------------------------------------------------

    def order_fields(self, kind):
        order = ORDERS[kind]
        number = f"H{self.run}{list(ORDERS).index(kind):02d}"
        registers = order["type"] == "RegPay"
        fields = {
            **self.hospital(number), **self.patient(),
            "order_type": order["type"],
            "total_fee": order["total"],
            "cash_fee": order["cash"],
            "insurance_fee": order["insurance"],
            "allow_fee_change": 0,
            "notify_url": f"{self.town.ready['gateway_url']}/notify/{self.institution['org_no']}",
            "body": "门诊挂号" if registers else "西药",
            "pay_type": order["pay_type"],
            "is_dept": 4,
            "bill_no": f"B{number[1:]}",
        }
        if order["pay_type"] != 1:
            fields["request_content"] = (
                self.registration_content(order["total"]) if registers
                else json.dumps({"transType": "FY005", "transBody": {"akc264": yuan(order["total"])}})
            )
        return fields

    def order(self, kind):
        fields = {
            **self.order_fields(kind), **self.client.payer(self.person),
            "return_url": "https://hospital.example/paid",
        }
        answer = self.client.call("unifiedorder", fields)
        self.keep(kind, fields, answer)
        again = self.client.call("unifiedorder", fields)
        equal("med_trans_id of the repeat", again["med_trans_id"], answer["med_trans_id"])
        equal("state before paying", self.query(kind)["med_trade_state"], "NOTPAY")
        return answer["med_trans_id"]

    def keep(self, kind, fields, answer):
        self.orders[kind] = {
            **ORDERS[kind],
            "number": fields["hosp_out_trade_no"],
            "med_trans_id": answer["med_trans_id"],
            "pay_url": answer.get("pay_url", ""),
            "pay_appid": answer.get("pay_appid", ""),
        }

    def tap_pay(self, kind):
        return self.town.tap("pay", openid=self.openid, pay_url=self.orders[kind]["pay_url"],
                             password=self.person["password"])

    def pay(self, kind):
        page = self.tap_pay(kind)
        equal("the cashier's ok", page["ok"], True)
        return page["message"]

    def query(self, kind):
        return self.client.call("orderquery", {
            **self.client.merchant(), "med_trans_id": self.orders[kind]["med_trans_id"],
        })

    def notices(self, kind):
        order = self.orders[kind]
        url = f"{self.town.ready['gateway_url']}/notices/{self.institution['org_no']}"
        found = send_json("GET", f"{url}?hosp_out_trade_no={order['number']}")["notices"]
        return [n for n in found if n["med_trans_id"] == order["med_trans_id"]]

    def notified(self, kind):
        order = self.orders[kind]
        notices = eventually("the notification", lambda: self.notices(kind))
        equal("notices", len(notices), 1)
        notice = notices[0]
        equal("state", notice["state"], "acknowledged")
        for field in ("total", "cash", "insurance"):
            equal(f"{field}_fee notified", notice[f"{field}_fee"], order[field])
        equal("pay_type notified", notice["pay_type"], order["pay_type"])
        order["day"] = notice["time_end"][:8]
        order["time_end"] = notice["time_end"]
        return f"delivered {notice['deliveries']} time(s), acknowledged"

    def queried(self, kind):
        order = self.orders[kind]
        answer = self.query(kind)
        equal("med_trade_state", answer["med_trade_state"], "SUCCESS")
        equal("cash_trade_status", answer["cash_trade_status"],
              "SUCCESS" if order["cash"] else "NOTPAY")
        equal("insurance_trade_status", answer["insurance_trade_status"],
              "NOTPAY" if order["pay_type"] == 1 else "PAYED")
        for field in ("total", "cash", "insurance"):
            equal(f"{field}_fee", answer[f"{field}_fee"], str(order[field]))
        equal("time_end", answer["time_end"], order["time_end"])
        equal("pay_type", answer["pay_type"], str(order["pay_type"]))
        return f"cash {yuan(order['cash'])}, insurance {yuan(order['insurance'])}"

    def paid_in_full(self, kind):
        """Order, cashier, notification and query in one."""
        self.order(kind)
        self.pay(kind)
        self.notified(kind)
        said = self.queried(kind)
        app = self.orders[kind]["pay_appid"]
        return said + (", from a mini-program" if app else "")

    # -- messages -----------------------------------------------------------------------------

    def message(self, msg_type, kind):
        order = self.orders[kind]
        own = {
            1: {},
            2: {"discount": "1.50", "real_fee": "7.55"},
            3: {"doctor": "赵五", "department": "内科门诊", "hospital": self.institution["name"],
                "visit_time": "14:00", "register_no": f"3{self.run}"},
            4: {"pre_register_item": "心脏彩超", "pre_register_time": "11:00",
                "register_no": f"4{self.run}"},
        }[msg_type]
        before = len(self.town.inbox(self.openid))
        nonce = secrets.token_hex(16)
        answer = self.client.call("sendmsg", {
            "med_trans_id": order["med_trans_id"], "msg_type": msg_type, "nonce_str": nonce,
            "redirect_url": "https://hospital.example/detail",
            "first": "您已缴费成功，详情如下：", "remark": "请凭就诊卡取药。", **own,
        })
        equal("nonce_str, as sent", answer["nonce_str"], nonce)
        inbox = eventually("the message", lambda: self.town.inbox(self.openid)[before:])
        text = inbox[-1]["text"]
        wanted = ["您已缴费成功，详情如下：", f"{yuan(order['total'])}元", order["number"],
                  "请凭就诊卡取药。"]
        wanted += [f"{v}元" if k in ("discount", "real_fee") else v for k, v in own.items()]
        if msg_type != 2:
            wanted.append(self.person["name"])
        packed = text.replace(" ", "")
        for piece in wanted:
            if piece.replace(" ", "") not in packed:
                raise Wrong(f"{piece!r} is not in the message of type {msg_type}")
        return f"shown in the inbox, {len(text.splitlines())} lines"

    # -- the window ---------------------------------------------------------------------------

    def scan(self):
        self.auth_code = self.town.tap("auth_code", openid=self.openid)["auth_code"]
        answer = self.client.call("qrcodegetmedinfo", {
            **self.client.merchant(), "auth_code": self.auth_code,
            "org_no": self.institution["org_no"], "spbill_create_ip": "10.193.0.1",
        })
        equal("user_name", answer["user_name"], self.person["name"])
        equal("user_card_no", answer["user_card_no"], self.person["idcard_md5"])
        equal("medical_card_id", answer["medical_card_id"], self.card_id)
        self.scan_token = answer["token"]
        return f"a token for {answer['expires_in']} s"

    def scanned(self):
        return {"auth_code": self.auth_code, "token": self.scan_token}

    def scan_preregister(self):
        answer = self.client.call("qrcodepreregister", {
            **self.hospital(f"Q{self.run}"), **self.scanned(), **self.patient(),
            "body": "门诊挂号", "request_content": self.registration_content(1500),
        })
        equal("response_content is there", bool(answer.get("response_content")), True)
        return "registered with the bureau"

    def scan_order(self):
        fields = {**self.order_fields("scanned"), **self.scanned()}
        self.keep("scanned", fields, self.client.call("qrcodeunifiedorder", fields))
        return self.orders["scanned"]["med_trans_id"]

    def scan_paid(self):
        # No pay_url: the cashier comes to the phone a moment after the order was answered.
        eventually("the cashier on the phone", lambda: self.tap_pay("scanned")["ok"])
        self.notified("scanned")
        return self.queried("scanned")

    # -- what goes wrong, and what goes back -----------------------------------------------------

    def system_refunded(self):
        self.order("refused")
        self.pay("refused")
        answer = eventually("SYS_REFUNDED", lambda: self.in_state("refused", "SYS_REFUNDED"))
        equal("cash_trade_status", answer["cash_trade_status"], "REFUND")
        equal("insurance not taken", answer["insurance_trade_status"] in ("NOTPAY", "CLOSED"), True)
        equal("notices", self.notices("refused"), [])
        return answer.get("trade_status_desc", "")

    def in_state(self, kind, state):
        answer = self.query(kind)
        return answer if answer["med_trade_state"] == state else None

    def refund_fields(self, kind, cash_only):
        order = self.orders[kind]
        fields = {
            **self.client.merchant(), "med_trans_id": order["med_trans_id"],
            "hosp_out_refund_no": f"F{order['number'][1:]}", "refund_desc": "患者退号",
        }
        if cash_only:
            fields["part_refund_type"] = "CASH_ONLY"
        elif order["pay_type"] != 1:
            fields["cancel_bill_no"] = f"CB{self.run}"
            fields["cancel_serial_no"] = f"CS{self.run}"
        return fields

    def refund(self, kind, cash_only=False):
        order = self.orders[kind]
        fields = self.refund_fields(kind, cash_only)
        answer = self.client.call("refund", fields)
        insurance = 0 if cash_only else order["insurance"]
        equal("cash_refund_fee", answer["cash_refund_fee"], str(order["cash"]))
        equal("insurance_refund_fee", answer["insurance_refund_fee"], str(insurance))
        equal("hosp_out_refund_no", answer["hosp_out_refund_no"], fields["hosp_out_refund_no"])
        again = self.client.call("refund", fields)
        equal("med_refund_id of the repeat", again["med_refund_id"], answer["med_refund_id"])
        order["refund"] = {"id": answer["med_refund_id"], "number": fields["hosp_out_refund_no"],
                           "cash": order["cash"], "insurance": insurance,
                           "type": "CASH_ONLY" if cash_only else "ALL"}
        return answer["med_refund_id"]

    def refunded(self, kind):
        order = self.orders[kind]
        refund = order["refund"]

        def ask():
            answer = self.client.call("refundquery", {
                **self.client.merchant(), "hosp_out_refund_no": refund["number"],
            })
            equal("not refused", answer["med_refund_state"] != "FAIL", True)
            return answer if answer["med_refund_state"] == "SUCCESS" else None

        answer = eventually("the refund", ask)
        equal("med_refund_id", answer["med_refund_id"], refund["id"])
        equal("cash_refund_fee", answer["cash_refund_fee"], str(refund["cash"]))
        equal("insurance_refund_fee", answer["insurance_refund_fee"], str(refund["insurance"]))
        equal("med_trade_state", self.query(kind)["med_trade_state"], "REFUND")
        refund["day"] = self.town.now().strftime("%Y%m%d")
        return f"cash {yuan(refund['cash'])}, insurance {yuan(refund['insurance'])}"

    def close(self):
        self.order("closed")
        which = {**self.client.merchant(), "med_trans_id": self.orders["closed"]["med_trans_id"]}
        self.client.call("closeorder", which)
        equal("med_trade_state", self.query("closed")["med_trade_state"], "CLOSED")
        refused_with("ORDERCLOSED", lambda: self.client.call("closeorder", which))
        return "closed once; a second time is refused"

    # -- the next day ------------------------------------------------------------------------------

    def next_day(self):
        today = self.town.now()
        ten = (today + datetime.timedelta(days=1)).replace(
            hour=10, minute=0, second=0, microsecond=0)
        return self.town.move_to(ten).strftime("%Y-%m-%d %H:%M:%S")

    def too_late(self):
        self.client.token()
        refused_with("TRADE_OVERDUE", lambda: self.client.call(
            "refund", self.refund_fields("insurance only", cash_only=False)))
        return "insurance money goes back on its own day only"

    def bills(self):
        """Every bill of a day on which something was paid, against what was paid."""
        self.client.token()
        days = {o["day"] for o in self.orders.values() if "day" in o}
        rows, compared = [], 0
        for day in sorted(days):
            found, totals = self.client.bill(day)
            packed = self.client.bill(day, gzipped=True)
            equal("the GZIP bill", packed, (found, totals))
            self.check_totals(found, totals)
            rows += found
        for kind, order in self.orders.items():
            mine = [row for row in rows if row["医院订单号"] == order["number"]]
            self.check_order_rows(kind, order, mine, days)
            compared += len(mine)
        return f"{compared} rows of {len(rows)} are mine; GZIP and plain agree"

    def check_totals(self, rows, totals):
        paid = [row for row in rows if row["交易状态"] == "SUCCESS"]
        back = [row for row in rows if row["交易状态"] != "SUCCESS"]

        def total(of, column):
            return yuan(sum(int(row[column].replace(".", "")) for row in of))

        equal("总交易单数", totals["总交易单数"], str(len(paid)))
        equal("总退款笔数", totals["总退款笔数"], str(len(back)))
        equal("订单总金额", totals["订单总金额"], total(paid, "订单总金额"))
        equal("现金总金额", totals["现金总金额"], total(paid, "现金金额"))
        equal("医保总金额", totals["医保总金额"], total(paid, "医保金额"))
        equal("退款总金额", totals["退款总金额"], total(back, "退款总金额"))
        equal("现金退款总金额", totals["现金退款总金额"], total(back, "现金退款金额"))
        equal("医保退款总金额", totals["医保退款总金额"], total(back, "医保退款金额"))

    def check_order_rows(self, kind, order, rows, days):
        payments = [row for row in rows if row["交易状态"] == "SUCCESS"]
        refunds = [row for row in rows if row["交易状态"] in ("REFUND", "SYS_REFUND")]
        if kind == "closed":
            equal("rows of the closed order", rows, [])
            return
        equal(f"payments of {kind}", len(payments), 1)
        paid = payments[0]
        equal("医疗订单号", paid["医疗订单号"], order["med_trans_id"])
        equal(f"现金金额 of {kind}", paid["现金金额"], yuan(order["cash"]))
        if kind == "refused":
            equal("rows of money given back", len(refunds), 1)
            equal("交易状态", refunds[0]["交易状态"], "SYS_REFUND")
            equal("现金退款金额", refunds[0]["现金退款金额"], yuan(order["cash"]))
            return
        equal(f"订单总金额 of {kind}", paid["订单总金额"], yuan(order["total"]))
        equal(f"医保金额 of {kind}", paid["医保金额"], yuan(order["insurance"]))
        refund = order.get("refund")
        wanted = 1 if refund and refund["day"] in days else 0
        equal(f"refunds of {kind}", len(refunds), wanted)
        if wanted:
            equal("医保退款单号", refunds[0]["医保退款单号"], refund["id"])
            equal("退款类型", refunds[0]["退款类型"], refund["type"])
            equal("现金退款金额", refunds[0]["现金退款金额"], yuan(refund["cash"]))
            equal("医保退款金额", refunds[0]["医保退款金额"], yuan(refund["insurance"]))


def early_enough(town):
    """Insurance money goes back before midnight only, so a late journey waits for the morning."""
    now = town.now()
    if now.hour < 22:
        return now.strftime("%Y-%m-%d %H:%M:%S")
    nine = (now + datetime.timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    return "moved to " + town.move_to(nine).strftime("%Y-%m-%d %H:%M:%S")


def whole_journey(town, visit):
    """The steps at the first institution, in order."""
    yield "clock", lambda: early_enough(town)
    yield "token", visit.token
    yield "getmedinfo: not bound", visit.card_is_unbound
    yield "getbindurl, bind on the page", visit.bind
    yield "getmedinfo: bound", visit.card_is_bound
    yield "preregister", visit.preregister
    for kind in ("insurance only", "mixed", "zero insurance", "cash only"):
        yield f"unifiedorder: {kind}", lambda kind=kind: visit.order(kind)
        yield f"cashier: {kind}", lambda kind=kind: visit.pay(kind)
        yield f"notification: {kind}", lambda kind=kind: visit.notified(kind)
        yield f"orderquery: {kind}", lambda kind=kind: visit.queried(kind)
    for msg_type, kind in (
        (1, "mixed"), (2, "insurance only"), (3, "zero insurance"), (4, "cash only"),
    ):
        yield f"sendmsg: type {msg_type}", lambda t=msg_type, k=kind: visit.message(t, k)
    yield "qrcodegetmedinfo", visit.scan
    yield "qrcodepreregister", visit.scan_preregister
    yield "qrcodeunifiedorder", visit.scan_order
    yield "scan: paid on the phone", visit.scan_paid
    yield "the bureau refuses: SYS_REFUNDED", visit.system_refunded
    yield "refund: full", lambda: visit.refund("mixed")
    yield "refundquery: full", lambda: visit.refunded("mixed")
    yield "refund: CASH_ONLY", lambda: visit.refund("scanned", cash_only=True)
    yield "refundquery: CASH_ONLY", lambda: visit.refunded("scanned")
    yield "closeorder", visit.close


def short_visit(visit):
    """The steps at every other institution."""
    name = f"{visit.institution['mode']} {visit.institution['appid']}"
    yield f"{name}: token", visit.token
    yield f"{name}: getmedinfo, not bound", visit.card_is_unbound
    yield f"{name}: bind", visit.bind
    yield f"{name}: getmedinfo, bound", visit.card_is_bound
    yield f"{name}: a mixed order paid", lambda: visit.paid_in_full("mixed")


def the_next_day(visits):
    """What can only be asked a day later."""
    first = visits[0]
    yield "clock: the next day, 10:00", first.next_day
    yield "refund: too late for insurance", first.too_late
    yield "refund: cash only, a day later", lambda: first.refund("cash only")
    yield "refundquery: cash only", lambda: first.refunded("cash only")
    for visit in visits:
        yield f"downloadbill: {visit.institution['appid']}", visit.bills


def travellers(ready):
    """People with whom nothing goes wrong, who are not bound yet and have an ID card."""
    fit = [
        person for person in ready["persons"]
        if person["behaviour"] == "normal" and not person["bound"]
        and person["medical_insurance_type"] and person["id_card"][:14].isdigit()
    ]
    if len(fit) < len(ready["institutions"]):
        raise Wrong("the ready file has too few unbound persons: start a demo with fresh data")
    return fit


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ready-file", required=True, help="written by `medpay demo`")
    with open(parser.parse_args().ready_file, encoding="utf-8") as file:
        ready = json.load(file)
    town = Town(ready)
    institutions = [i for i in ready["institutions"] if i["environment"] == "test"]
    people = travellers(ready)
    visits = [Visit(town, i, p) for i, p in zip(institutions, people)]

    def steps():
        yield from whole_journey(town, visits[0])
        for visit in visits[1:]:
            yield from short_visit(visit)
        yield from the_next_day(visits)

    count = 0
    for name, step in steps():
        began = time.monotonic()
        try:
            detail = step()
        except (Wrong, Refused, BadAnswer, KeyError, ValueError) as error:
            print(f"FAIL  {name}: {type(error).__name__} {error}")
            return 1
        count += 1
        print(f"ok    {name:<44} {1000 * (time.monotonic() - began):6.0f} ms  {detail}")
    print(f"{count} steps, all of them held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
