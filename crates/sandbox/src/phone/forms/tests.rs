use super::*;

const BIND: &str = r#"<!DOCTYPE html>
<html><head><title>x</title><style>p > .message { color: red }</style>
<script>if (1 < 2) { document.write("<form action='/evil'>"); }</script></head>
<body><!-- <form action="/comment"> -->
<main class="ready" data-outcome="ready" data-leads-to="http://h.example/?a=1&amp;b=2">
<p class="message warn">请填写 <b>姓名</b>
  和卡号&#x3002;</p>
<form method="POST" action="/bind/1?x=1&amp;y=2">
<input type="hidden" name="csrf" value="&#34;t&#39;">
<input name=name value=''>
<select name="card_type"><option value="1">居民身份证</option><option value="6">港</option></select>
<input id="id_no" name="id_no" required/>
<input type="checkbox" name="consent" value="1"> <input type=checkbox name=news checked>
<input type="radio" name="sex" value="m"><input type="radio" name="sex" value="f" checked>
<textarea name="note">a &lt; b</textarea>
<button type="button" name="no" value="no">x</button>
<button name="act" value="bind">绑定</button><button name="act" value="cancel">取消</button>
</form>
<form action="/search"><input name="q"></form>
</main></body></html>"#;

fn sent(form: &Form, fills: &[(&'static str, Fill)]) -> Vec<String> {
    let fills = fills.iter().cloned().collect();
    form.filled(&fills).into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn outcome_words_and_forms_are_found() {
    let page = Page::read(BIND);
    assert_eq!(page.outcome, "ready");
    assert_eq!(page.leads_to, "http://h.example/?a=1&b=2");
    assert_eq!(page.message, "请填写 姓名 和卡号。");
    let actions: Vec<_> = page.forms.iter().map(|form| (&*form.action, form.posts)).collect();
    assert_eq!(actions, [("/bind/1?x=1&y=2", true), ("/search", false)]);
}

#[test]
fn a_form_is_sent_as_it_stands() {
    let page = Page::read(BIND);
    let form = page.forms.first().expect("a form");
    let expected = [
        "csrf=\"t'",
        "name=",
        "card_type=1",
        "id_no=",
        "news=on",
        "sex=f",
        "note=a < b",
        "act=bind",
    ];
    assert_eq!(sent(form, &[]), expected);
}

#[test]
fn a_form_is_filled_in() {
    let page = Page::read(BIND);
    let form = page.forms.first().expect("a form");
    let fills = [
        ("name", Fill::Text("林一诺".to_owned())),
        ("card_type", Fill::Text("6".to_owned())),
        ("sex", Fill::Text("m".to_owned())),
        ("consent", Fill::Tick(true)),
        ("news", Fill::Tick(false)),
        ("absent", Fill::Text("x".to_owned())),
    ];
    let expected = [
        "csrf=\"t'",
        "name=林一诺",
        "card_type=6",
        "id_no=",
        "consent=1",
        "sex=m",
        "note=a < b",
        "act=bind",
    ];
    assert_eq!(sent(form, &fills), expected);
}

#[test]
fn broken_html_does_no_harm() {
    for html in [
        "",
        "<",
        "<<",
        "<main data-outcome",
        "<form <input name=a>",
        "<!--",
        "<p class='message'>a",
        "< a",
    ] {
        Page::read(html);
    }
    assert_eq!(Page::read("<p class=message>a<p class=message>b").message, "a\nb");
    assert_eq!(Page::read("<p class=message>1 &lt; 2 & 3 &nope; </p>").message, "1 < 2 & 3 &nope;");
}
