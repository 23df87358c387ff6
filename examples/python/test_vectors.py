"""The computed vectors of docs/protocol.md, and what must not go wrong in reading.

    python3 -m unittest test_vectors
"""

import unittest

from medpay_client import BadAnswer, Client, Refused, from_xml, idcard_md5, read_bill, sign, to_xml

KEY = "0123456789abcdef0123456789abcdef"


class Signature(unittest.TestCase):
    def test_getmedinfo(self):
        fields = {
            "idcard_md5": "09eb26e839ff3a2e3980352ae45ef09e", "name": "张三",
            "nonce_str": "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
            "openid": "oTestOpenid0000000000000001",
        }
        self.assertEqual(sign(fields, KEY), "A212D9544089CE3BCEB991F2A41B89A2")

    def test_zero_is_signed_and_empty_is_not(self):
        fields = {
            "appid": "wx0000000000000001", "cash_fee": "0", "hosp_out_trade_no": "H20180601000001",
            "insurance_fee": "100", "mch_id": "1900000001", "nonce_str": "abc123",
            "total_fee": "100", "sub_appid": "",
        }
        self.assertEqual(sign(fields, KEY), "F81DD402D89ABD01898357CDE968C680")

    def test_official_vector_of_v2(self):
        fields = {
            "appid": "wxd930ea5d5a258f4f", "body": "test", "device_info": "1000",
            "mch_id": "10000100", "nonce_str": "ibuaiVcKdpRxkhJA",
        }
        key = "192006250b4c09247ec02edce69f6a2d"
        self.assertEqual(sign(fields, key), "9A0A8659F005D6984697E2CA0A9CF3B7")


class IdCard(unittest.TestCase):
    def test_the_letter_is_upper_case(self):
        digest = "09eb26e839ff3a2e3980352ae45ef09e"
        self.assertEqual(idcard_md5("44030019000101123x"), digest)

    def test_fifteen_digits_are_widened(self):
        self.assertEqual(idcard_md5("440300900101123"), "aadd296a8b736f035070f263d913de88")


class Documents(unittest.TestCase):
    def test_what_is_written_is_read(self):
        fields = {"body": "a]]>b & <c>", "request_content": '{"a": "\\u5f20"}', "empty": ""}
        self.assertEqual(from_xml(to_xml(fields)), fields)

    def test_a_dtd_is_refused(self):
        with self.assertRaises(BadAnswer):
            from_xml(b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><x>&a;</x></xml>')

    def test_an_answer_is_believed_only_if_signed(self):
        client = Client("http://nowhere", {"api_key": KEY})
        answer = {"return_code": "SUCCESS", "result_code": "SUCCESS", "med_trans_id": "M1"}
        with self.assertRaises(BadAnswer):
            client.read(to_xml(answer))
        with self.assertRaises(BadAnswer):
            client.read(to_xml({**answer, "sign": "0" * 32}))
        self.assertEqual(client.read(to_xml({**answer, "sign": sign(answer, KEY)}))["med_trans_id"],
                         "M1")

    def test_both_levels_of_refusal_are_seen(self):
        client = Client("http://nowhere", {"api_key": KEY})
        with self.assertRaises(Refused) as refused:
            client.read(to_xml({"return_code": "FAIL", "return_msg": "签名失败"}))
        self.assertEqual((refused.exception.code, refused.exception.text), ("", "签名失败"))
        with self.assertRaises(Refused) as refused:
            client.read(b'{"errcode": 40001, "errmsg": "invalid"}')
        self.assertEqual(refused.exception.code, "40001")


class Bill(unittest.TestCase):
    def test_a_comma_in_a_description_moves_nothing(self):
        rows, totals = read_bill("a,b\n`1,2,`3\nc,d\n`4,`5\n")
        self.assertEqual(rows, [{"a": "1,2", "b": "3"}])
        self.assertEqual(totals, {"c": "4", "d": "5"})


if __name__ == "__main__":
    unittest.main()
