using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Codices;

public class CodexQueryTests
{
    private static readonly Json5Object[] Rows =
    [
        Row("a", ("title", Text("Apples")), ("size", new Json5Number(10)), ("tags", Json5Array.Of(["Red", "fruit"]))),
        Row(
            "b",
            ("title", Text("banana")),
            ("size", new Json5Number(9)),
            ("tags", Json5Array.Of(["fruit"])),
            ("done", new Json5Boolean(true))
        ),
        Row("c", ("title", Text("")), ("tags", new Json5Array([]))),
        Row("d", ("title", Text("Crab apple")), ("size", new Json5Null())),
    ];

    [Fact]
    public void A_whole_value_is_compared_with_its_type()
    {
        Assert.Equal("a", Ids(Where("size", equals: new Json5Number(10))));
        Assert.Equal("", Ids(Where("size", equals: Text("10"))));
        Assert.Equal("b", Ids(Where("done", equals: new Json5Boolean(true))));
        Assert.Equal("b", Ids(Where("tags", equals: Json5Array.Of(["fruit"]))));
    }

    [Fact]
    public void Substrings_and_list_items_match_case_insensitively()
    {
        Assert.Equal("ad", Ids(Where("title", contains: Text("APPLE"))));
        Assert.Equal("a", Ids(Where("tags", contains: Text("red"))));
        Assert.Equal("", Ids(Where("tags", contains: Text("re"))));
        Assert.Equal("", Ids(Where("size", contains: new Json5Number(1))));
    }

    [Fact]
    public void An_empty_value_is_none()
    {
        Assert.Equal("abd", Ids(Where("title", exists: true)));
        Assert.Equal("cd", Ids(Where("tags", exists: false)));
        Assert.Equal("cd", Ids(Where("size", exists: false)));
        Assert.Equal("abcd", Ids(Where("nothing", exists: false)));
    }

    [Fact]
    public void All_conditions_and_all_tags_must_hold()
    {
        var both = new CodexQuery { Conditions = [new("title", null, Text("a"), null), new("size", null, null, true)] };
        Assert.Equal("ab", Ids(both));
        Assert.Equal("ab", Ids(new CodexQuery { Tags = ["FRUIT"] }));
        Assert.Equal("a", Ids(new CodexQuery { Tags = ["fruit", "red"] }));
    }

    [Fact]
    public void Rows_without_a_value_are_sorted_last_in_both_directions()
    {
        Assert.Equal("bacd", Ids(new CodexQuery { SortBy = "size" }));
        Assert.Equal("abcd", Ids(new CodexQuery { SortBy = "size", Descending = true }));
        Assert.Equal("abdc", Ids(new CodexQuery { SortBy = "title" }));
    }

    [Fact]
    public void A_page_includes_the_total_count()
    {
        var (page, total) = new CodexQuery
        {
            SortBy = "title",
            Offset = 1,
            Limit = 2,
        }.Apply(Rows, (row, field) => row.Find(field));
        Assert.Equal(["b", "d"], page.Select(row => row.GetString("id")));
        Assert.Equal(4, total);
        Assert.Empty(
            new CodexQuery { Offset = 99 }
                .Apply(Rows, (row, field) => row.Find(field))
                .Page
        );
    }

    [Fact]
    public void An_empty_query_is_rejected()
    {
        foreach (
            var query in new[]
            {
                Where("title"),
                Where("", exists: true),
                new CodexQuery { Offset = -1 },
                new CodexQuery { Limit = -1 },
                new CodexQuery { SortBy = "" },
            }
        )
        {
            Assert.Equal(FailureKind.MissingField, Assert.Throws<FailureException>(() => Ids(query)).Failure.Kind);
        }
    }

    private static CodexQuery Where(string field, Json5Node? equals = null, Json5Node? contains = null, bool? exists = null) =>
        new() { Conditions = [new(field, equals, contains, exists)] };

    private static string Ids(CodexQuery query) =>
        string.Concat(query.Apply(Rows, (row, field) => row.Find(field)).Page.Select(row => row.GetString("id")));

    private static Json5String Text(string value) => new(value);

    private static Json5Object Row(string id, params (string, Json5Node)[] members) => Json5Object.Of([("id", Text(id)), .. members]);
}
