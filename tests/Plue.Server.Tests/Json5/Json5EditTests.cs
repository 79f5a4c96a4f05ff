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
    [InlineData("{ a: [1, /* two */ 2, 3] }", "a/1", "{ a: [1, /* two */ \"new\", 3] }")]
    [InlineData("{ a: [{ b: 1 }, { b: 2 /* why */ }] }", "a/1/b", "{ a: [{ b: 1 }, { b: \"new\" /* why */ }] }")]
    [InlineData("{ a: [{ b: 1 }] }", "a/0/c", "{ a: [{ b: 1, c: \"new\" }] }")]
    [InlineData("{ a: [1, 2] }", "a/2", "{ a: [1, 2, \"new\"] }")]
    [InlineData("{\n  a: [\n    1, // one\n    2 // two\n  ],\n}", "a/2", "{\n  a: [\n    1, // one\n    2, // two\n    \"new\"\n  ],\n}")]
    [InlineData("{ a: [] }", "a/0", "{ a: [\"new\"] }")]
    [InlineData("{ a: [] }", "a/0/b", "{ a: [{\n  b: \"new\",\n}] }")]
    [InlineData("{ a: [/* none */] }", "a/0", "{ a: [/* none */\n  \"new\",\n] }")]
    [InlineData("{ '0': 1 }", "0", "{ '0': \"new\" }")]
    [InlineData("[1]", "0", "[\"new\"]")]
    public void Setting_a_value_leaves_the_rest_of_the_file_unchanged(string text, string path, string expected)
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
    [InlineData("{ a: [1, 2, 3] }", "a/1", "{ a: [1, 3] }")]
    [InlineData("{ a: [1, 2] }", "a/1", "{ a: [1, ] }")]
    [InlineData("{ a: [1, 2] }", "a/2", "{ a: [1, 2] }")]
    [InlineData("{ a: [1, 2] }", "a/b", "{ a: [1, 2] }")]
    [InlineData("{\n  a: [\n    'x', // first\n    'y',\n  ],\n}", "a/1", "{\n  a: [\n    'x', // first\n  ],\n}")]
    [InlineData("{ a: [{ b: 1 }, { b: 2, c: 3 }] }", "a/1/b", "{ a: [{ b: 1 }, { c: 3 }] }")]
    public void Removing_a_value_leaves_the_rest_of_the_file_unchanged(string text, string path, string expected)
    {
        var edited = Json5Edit.Remove(text, path.Split('/'));
        Assert.Null(edited.Error);
        Assert.Equal(expected, edited.Text);
    }

    [Theory]
    [InlineData("{ a: 1", "1:7 Found the end of the file where ',' or '}' was expected.")]
    [InlineData("[]", "1:1 The file is a list where an object was expected.")]
    [InlineData("{ a: 1 }", "1:6 `a` is a number where an object was expected.")]
    [InlineData("{ a: [1] }", "1:6 `a` is a list where an object was expected.")]
    public void A_file_that_cannot_be_edited_stays_as_it_was(string text, string expected)
    {
        var edited = Json5Edit.Set(text, ["a", "b"], New);
        Assert.Equal(text, edited.Text);
        Assert.Equal(expected, $"{edited.Error?.Span.Line}:{edited.Error?.Span.Column} {edited.Error?.Message}");
    }

    [Fact]
    public void A_place_behind_the_end_of_a_list_is_refused()
    {
        var edited = Json5Edit.Set("{ a: [1] }", ["a", "2"], New);
        Assert.Equal(("{ a: [1] }", "The list has 1 items, and 2 is not a valid index."), (edited.Text, edited.Error?.Message));
    }

    [Fact]
    public void Several_values_are_replaced_at_once_and_texts_keep_their_marks()
    {
        const string Text = "{ a: 'x', // x\n  b: [\"x\", { c: 'x' }] }";
        var root = (Json5Object)Json5Reader.Read(Text).Root!;
        var list = root.GetArray("b")!;
        Assert.Equal(
            "{ a: 'it\\'s \"y\"', // x\n  b: [\"it's \\\"y\\\"\", { c: 5 }] }",
            Json5Edit.Replace(
                Text,
                (root.Find("a")!.Span, new Json5String("it's \"y\"")),
                (((Json5Object)list.Items[1]).Find("c")!.Span, new Json5Number(5)),
                (list.Items[0].Span, new Json5String("it's \"y\""))
            )
        );
    }

    /// <summary>Replaces any value, at any depth, in documents with all kinds of comments, line breaks and quotes.</summary>
    [Fact]
    public void Replacing_any_value_of_any_document_leaves_every_other_character_as_it_was()
    {
        var cases =
            from before in JsonTexts.Objects
            from value in JsonTexts.Nodes
            from seed in Gen.Choose(0, int.MaxValue)
            select (before, value, seed);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                cases.ToArbitrary(),
                test =>
                {
                    var random = new Random(test.seed);
                    var text = JsonTexts.Noisy(test.before, random);
                    var document = Json5Reader.Read(text);
                    Assert.Empty(document.Errors);
                    Assert.True(document.Root!.HasSameValueAs(test.before), text);
                    List<(string[] Path, Json5Node Node)> places = [.. Places(document.Root, []).Where(place => place.Path.Length > 0)];
                    if (places.Count == 0)
                    {
                        return;
                    }

                    var (path, old) = places[random.Next(places.Count)];
                    foreach (
                        var edited in (string[])
                            [Json5Edit.Set(text, path, test.value).Text, Json5Edit.Replace(text, (old.Span, test.value))]
                    )
                    {
                        Assert.StartsWith(text[..old.Span.Start], edited, StringComparison.Ordinal);
                        Assert.EndsWith(text[old.Span.End..], edited, StringComparison.Ordinal);
                        var after = Json5Reader.Read(edited);
                        Assert.Empty(after.Errors);
                        Assert.True(At(after.Root!, path).HasSameValueAs(test.value), edited);
                        var inOld = document.Comments.Where(comment =>
                            comment.Span.Start >= old.Span.Start && comment.Span.End <= old.Span.End
                        );
                        Assert.Equal(
                            document.Comments.Except(inOld).Select(comment => comment.Text),
                            after.Comments.Select(comment => comment.Text)
                        );
                    }

                    var removed = Json5Reader.Read(Json5Edit.Remove(text, path).Text);
                    Assert.Empty(removed.Errors);
                    Assert.Equal(
                        places.Count - places.Count(place => place.Path.Take(path.Length).SequenceEqual(path)),
                        Places(removed.Root!, []).Count(place => place.Path.Length > 0)
                    );
                }
            )
        );
    }

    private static IEnumerable<(string[] Path, Json5Node Node)> Places(Json5Node node, string[] path) =>
        node switch
        {
            Json5Object value => value.Members.SelectMany(member => Places(member.Value, [.. path, member.Name])).Prepend((path, node)),
            Json5Array list => list.Items.SelectMany((item, i) => Places(item, [.. path, $"{i}"])).Prepend((path, node)),
            _ => [(path, node)],
        };

    private static Json5Node At(Json5Node root, IEnumerable<string> path) =>
        path.Aggregate(
            root,
            (node, key) =>
                node is Json5Array list
                    ? list.Items[int.Parse(key, System.Globalization.CultureInfo.InvariantCulture)]
                    : ((Json5Object)node).Find(key)!
        );

    [Fact]
    public void Random_values_are_read_back_unchanged() =>
        Prop.ForAll(
                JsonTexts.Nodes.ToArbitrary(),
                node =>
                {
                    var document = Json5Reader.Read(Json5Writer.WriteFile(node));
                    Assert.Empty(document.Errors);
                    Assert.True(document.Root?.HasSameValueAs(node));
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Setting_any_key_of_any_document_changes_that_key_alone()
    {
        var layouts = Gen.Elements<Func<Json5Object, string>>(
            Json5Writer.WriteFile,
            value => Json5Writer.WriteFile(value).Replace("\n", "\r\n", StringComparison.Ordinal),
            value => Json5Writer.WriteFile(value).Replace(",\n", " /* , } */ , // ] ,\n", StringComparison.Ordinal),
            value =>
                "{" + string.Join(" , ", value.Members.Select(m => $"{Json5Writer.WriteKey(m.Name)}:{Json5Writer.Write(m.Value)}")) + "}",
            value =>
                "{ // first\n"
                + string.Concat(value.Members.Select(m => $"{Json5Writer.WriteKey(m.Name)}:{Json5Writer.Write(m.Value)}\n,"))
                + "}"
        );
        var cases =
            from before in JsonTexts.Objects
            from layout in layouts
            from value in JsonTexts.Nodes
            from pick in Gen.Choose(0, 9)
            select (before, layout, value, pick);
        Prop.ForAll(
                cases.ToArbitrary(),
                test =>
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
                    Assert.True(
                        document.Root?.HasSameValueAs(
                            Json5Object.Of(test.before.Members.Where(m => m.Name != key).Select(m => (m.Name, m.Value)))
                        ),
                        removed.Text
                    );
                }
            )
            .QuickCheckThrowOnFailure();
    }

    /// <summary>Searching every comment for every comma would take hours here.</summary>
    [Fact]
    public void A_file_full_of_comments_with_commas_is_edited_as_quickly_as_any()
    {
        var text = "{a: 1" + string.Concat(Enumerable.Repeat("/*,*/", 400_000)) + ", b: 2}";
        Assert.Equal(text.Length + ", c: null".Length, Json5Edit.Set(text, ["c"], new Json5Null()).Text.Length);
        Assert.Equal(text.Length - "a: 1".Length - 1, Json5Edit.Remove(text, ["a"]).Text.Length);
    }

    [Fact]
    public void A_new_file_looks_as_a_person_would_write_it() =>
        Assert.Equal(
            """
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

            """,
            Json5Writer.WriteFile(
                Json5Object.Of(
                    ("name", new Json5String("My \"server\"")),
                    ("x-key", new Json5Null()),
                    ("enabled", new Json5Boolean(true)),
                    ("temperature", new Json5Number(0.7)),
                    ("stop_sequences", Json5Array.Of(["a", "b"])),
                    ("headers", Json5Object.Of(("region", new Json5String("eu")))),
                    ("empty", Json5Object.Empty)
                )
            )
        );
}
