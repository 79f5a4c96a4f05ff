using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Json5;

namespace Plue.Server.Tests.Json5;

public class Json5EditTests
{
    private static readonly Json5String New = new("new");

    [Theory]
    [InlineData("{\n  // why\n  a: 'old', // note\n  b: 2\n}\n", "a", "{\n  // why\n  a: \"new\", // note\n  b: 2\n}\n")]
    [InlineData("{\n  b: 2 // note\n  // last words\n}", "a", "{\n  b: 2, // note\n  // last words\n  a: \"new\"\n}")]
    [InlineData("{\n  b: 2, // note\n}", "a", "{\n  b: 2, // note\n  a: \"new\",\n}")]
    [InlineData("{\r\n    b: 2\r\n}\r\n", "a", "{\r\n    b: 2,\r\n    a: \"new\"\r\n}\r\n")]
    [InlineData("{ b: 2 }", "a", "{ b: 2, a: \"new\" }")]
    [InlineData("{ b: 2, /* , */ }", "a", "{ b: 2, a: \"new\", /* , */ }")]
    [InlineData("{}", "a", "{\n  a: \"new\",\n}")]
    [InlineData("{ /* empty */ }", "a", "{ /* empty */\n  a: \"new\",\n}")]
    [InlineData("{\n  // empty\n}", "a", "{\n  // empty\n  a: \"new\",\n}")]
    [InlineData("", "a", "{\n  a: \"new\",\n}\n")]
    [InlineData("{\n  h: { x: 1 },\n}", "h/a b", "{\n  h: { x: 1, \"a b\": \"new\" },\n}")]
    [InlineData("{\n  b: 2,\n}", "h/a", "{\n  b: 2,\n  h: {\n    a: \"new\",\n  },\n}")]
    [InlineData("{a: 1, a: 2}", "a", "{a: 1, a: \"new\"}")]
    [InlineData("\uFEFF{a: 1}", "a", "\uFEFF{a: \"new\"}")]
    public void One_value_is_set_and_the_rest_stays_as_it_was(string text, string path, string expected)
    {
        var edited = Json5Edit.Set(text, path.Split('/'), New);
        Assert.Null(edited.Error);
        Assert.Equal(expected, edited.Text);
    }

    [Theory]
    [InlineData("{\n  a: 1, // note\n  b: 2,\n}", "a", "{\n  // note\n  b: 2,\n}")]
    [InlineData("{\n  a: 1,\n  b: 2,\n}", "a", "{\n  b: 2,\n}")]
    [InlineData("{\n  a: 1,\n  b: 2\n}", "b", "{\n  a: 1,\n}")]
    [InlineData("{ a: 1, b: 2 }", "a", "{ b: 2 }")]
    [InlineData("{ a: 1, b: 2 }", "c", "{ a: 1, b: 2 }")]
    [InlineData("{ a: 1, a: 2 }", "a", "{ }")]
    [InlineData("{ h: {a: 1} }", "h/a", "{ h: {} }")]
    public void One_value_is_removed_and_the_rest_stays_as_it_was(string text, string path, string expected)
    {
        var edited = Json5Edit.Remove(text, path.Split('/'));
        Assert.Null(edited.Error);
        Assert.Equal(expected, edited.Text);
    }

    [Theory]
    [InlineData("{ a: 1", "1:7 Found the end of the file where ',' or '}' was expected.")]
    [InlineData("[]", "1:1 The file is a list where an object was expected.")]
    [InlineData("{ a: 1 }", "1:6 `a` is a number where an object was expected.")]
    public void A_file_that_cannot_be_edited_stays_as_it_was(string text, string expected)
    {
        var edited = Json5Edit.Set(text, ["a", "b"], New);
        Assert.Equal(text, edited.Text);
        Assert.Equal(expected, $"{edited.Error?.Span.Line}:{edited.Error?.Span.Column} {edited.Error?.Message}");
    }

    [Fact]
    public void Whatever_is_written_reads_back_to_the_same_value() => Prop.ForAll(JsonTexts.Nodes.ToArbitrary(), node =>
    {
        var document = Json5Reader.Read(Json5Writer.WriteFile(node));
        Assert.Empty(document.Errors);
        Assert.True(document.Root?.HasSameValueAs(node));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Setting_any_key_of_any_document_changes_that_key_alone()
    {
        var layouts = Gen.Elements<Func<Json5Object, string>>(
            Json5Writer.WriteFile,
            value => Json5Writer.WriteFile(value).Replace("\n", "\r\n", StringComparison.Ordinal),
            value => Json5Writer.WriteFile(value).Replace(",\n", " /* , } */ , // ] ,\n", StringComparison.Ordinal),
            value => "{" + string.Join(" , ", value.Members.Select(m => $"{Json5Writer.WriteKey(m.Name)}:{Json5Writer.Write(m.Value)}")) + "}",
            value => "{ // first\n" + string.Concat(value.Members.Select(m => $"{Json5Writer.WriteKey(m.Name)}:{Json5Writer.Write(m.Value)}\n,")) + "}");
        var cases = from before in JsonTexts.Objects from layout in layouts from value in JsonTexts.Nodes from pick in Gen.Choose(0, 9) select (before, layout, value, pick);
        Prop.ForAll(cases.ToArbitrary(), test =>
        {
            var key = test.pick < test.before.Members.Count ? test.before.Members[test.pick].Name : "fresh key";
            var edited = Json5Edit.Set(test.layout(test.before), [key], test.value);
            Assert.Null(edited.Error);
            var document = Json5Reader.Read(edited.Text);
            Assert.Empty(document.Errors);
            Assert.True(document.Root?.HasSameValueAs(test.before.With(key, test.value)), edited.Text);

            var removed = Json5Edit.Remove(edited.Text, [key]);
            document = Json5Reader.Read(removed.Text);
            Assert.Empty(document.Errors);
            Assert.True(document.Root?.HasSameValueAs(Json5Object.Of(test.before.Members.Where(m => m.Name != key).Select(m => (m.Name, m.Value)))), removed.Text);
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>Looking through every comment for every comma would take hours here.</summary>
    [Fact]
    public void A_file_full_of_comments_with_commas_is_edited_as_quickly_as_any()
    {
        var text = "{a: 1" + string.Concat(Enumerable.Repeat("/*,*/", 400_000)) + ", b: 2}";
        Assert.Equal(text.Length + ", c: null".Length, Json5Edit.Set(text, ["c"], new Json5Null()).Text.Length);
        Assert.Equal(text.Length - "a: 1".Length - 1, Json5Edit.Remove(text, ["a"]).Text.Length);
    }

    [Fact]
    public void A_new_file_looks_as_a_person_would_write_it() => Assert.Equal("""
        {
          name: "My \"server\"",
          "x-key": null,
          enabled: true,
          temperature: 0.7,
          stop_sequences: ["a", "b"],
          headers: {
            region: "eu",
          },
          empty: {},
        }

        """, Json5Writer.WriteFile(Json5Object.Of(
            ("name", new Json5String("My \"server\"")),
            ("x-key", new Json5Null()),
            ("enabled", new Json5Boolean(true)),
            ("temperature", new Json5Number(0.7)),
            ("stop_sequences", Json5Array.Of(["a", "b"])),
            ("headers", Json5Object.Of(("region", new Json5String("eu")))),
            ("empty", Json5Object.Empty))));
}
