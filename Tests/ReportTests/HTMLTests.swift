// SPDX-License-Identifier: Apache-2.0

import Report
import Testing

@Suite("Pieces of a page")
struct HTMLTests {
  @Test("escape every text that is put into them, in elements and in attributes of either quotes")
  func escaped() {
    let name = "<script>\"a\" & 'b'</script>"
    let escaped = "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;"
    let page: HTML = "<p title=\"\(name)\">\(name)</p>"
    #expect(page.markup == "<p title=\"\(escaped)\">\(escaped)</p>")
  }

  @Test("take other pieces as they are")
  func nested() {
    let inner: HTML = "<b>\("1 < 2")</b>"
    #expect(
      ("<p>\(inner)\([inner, inner])</p>" as HTML).markup == """
        <p><b>1 &lt; 2</b><b>1 &lt; 2</b>
        <b>1 &lt; 2</b></p>
        """)
  }

  @Test("mark a change for better or worse only where its digits show one")
  func changes() {
    for difference in [0, 4e-5, -4e-5] {
      #expect(change("0.00", difference).markup == "<span class=\"change\">±0.00</span>")
    }
    #expect(change("0.01", 1e-4).markup.contains("good") && change("0.01", 1e-4).markup.contains("+0.01"))
    #expect(change("0.01", -1e-4).markup.contains("bad") && change("0.01", -1e-4).markup.contains("−0.01"))
    #expect(change("0.01", 1e-4, better: nil).markup == "<span class=\"change\">+0.01</span>")
  }

  @Test("hold no control characters")
  func controls() {
    #expect(("\("a\u{0}b\u{1b}c\td")" as HTML).markup == "a\u{fffd}b\u{fffd}c\td")
  }
}
