using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Language;
using Plue.Server.Templates;
using Plue.Server.Tests.Json5;

namespace Plue.Server.Tests.Language;

public sealed class FormatterTests
{
    [Theory]
    [InlineData("{id:\"a\"}", "{id: \"a\"}\n")]
    [InlineData("{\nid: 'a',\n      name :  'b' ,\n}", "{\n  id: 'a',\n  name: 'b',\n}\n")]
    [InlineData(
        "{\n fields: [{\n name: 'a',\n }, {\n name: 'b',\n }],\n }\n",
        "{\n  fields: [{\n    name: 'a',\n  }, {\n    name: 'b',\n  }],\n}\n"
    )]
    [InlineData("{\n fields: [\n { name: 'a' },\n ],\n}\n", "{\n  fields: [\n    { name: 'a' },\n  ],\n}\n")]
    [InlineData("// first\n\n\n\n{\n  a: 1,   // why\n  b: 2, // two\n}\n\n\n", "// first\n\n{\n  a: 1,   // why\n  b: 2, // two\n}\n")]
    [InlineData("{\r\na: 1\r\n}", "{\r\n  a: 1\r\n}\r\n")]
    [InlineData("{ a: [1,2,  3] }", "{ a: [1, 2, 3] }\n")]
    [InlineData("{ a: 'x   y', /* b */ c: .5 }\n", "{ a: 'x   y', /* b */ c: .5 }\n")]
    public void Only_the_space_between_changes(string text, string expected) => Assert.Equal(expected, Formatted(text));

    [Theory]
    [InlineData("{ id: 'a' name: 'b' }")]
    [InlineData("{ id: ")]
    [InlineData("")]
    [InlineData("// one\u2028{ a: 1 }")]
    public void Does_not_format_invalid_text(string text) => Assert.Equal(text, Formatted(text));

    [Fact]
    public void Shipped_files_are_already_formatted()
    {
        foreach (var id in TemplateCatalog.ShippedIds())
        {
            var text = System.Text.Encoding.UTF8.GetString(TemplateCatalog.ReadShipped(id)!);
            Assert.Equal(text, Formatted(text));
        }
    }

    [Fact]
    public void Twice_is_as_once_and_values_and_comments_stay()
    {
        string[] parts = [" ", "\n", "\n\n\n", "\t", "/* c */", "// c\n", "\r\n", "  "];
        var places = Gen.Choose(0, 10_000).Zip(Gen.Choose(0, parts.Length - 1)).ListOf();
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                JsonTexts.Arbitrary,
                places.ToArbitrary(),
                (json, odd) =>
                {
                    var text = odd.Aggregate(json, (sofar, one) => sofar.Insert(one.Item1 % (sofar.Length + 1), parts[one.Item2]));
                    var before = Json5Reader.Read(text);
                    if (!before.IsValid)
                    {
                        return;
                    }

                    var once = Formatted(text);
                    var after = Json5Reader.Read(once);

                    Assert.Equal(once, Formatted(once));
                    Assert.True(before.Root!.HasSameValueAs(after.Root!), once);
                    Assert.Equal(before.Comments.Select(comment => comment.Text), after.Comments.Select(comment => comment.Text));
                }
            )
        );
    }

    private static string Formatted(string text)
    {
        var document = new OpenDocument(new DocumentLocation(CodexCollection.Templates, "a", TemplateLayer.User, "/a.json5"), text, 1);
        return Formatter.Applied(text, Formatter.Format(document));
    }
}
