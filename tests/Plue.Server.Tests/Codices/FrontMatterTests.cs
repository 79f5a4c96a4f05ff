using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Codices;
using Plue.Server.Json5;

namespace Plue.Server.Tests.Codices;

public class FrontMatterTests
{
    [Fact]
    public void Names_and_tags_are_read_in_each_of_their_forms()
    {
        var one = FrontMatter.Parse("---\nname: \"Code \\\"review\\\"\"\ntags: [a, 'b, c', \"d\"]\n---\nBody").Values;
        Assert.Equal("Code \"review\"", one.GetString("name"));
        Assert.Equal(["a", "b, c", "d"], one.GetStrings("tags"));
        Assert.Equal(["x", "y z"], FrontMatter.Parse("---\ntags:\n  - x\n  - 'y z'\ndescription: D\n---\n").Values.GetStrings("tags"));
    }

    [Fact]
    public void Setting_a_key_leaves_the_rest_of_the_file_unchanged()
    {
        const string file = "\uFEFF---\r\nname: A # not a comment of ours\r\nother:  kept\r\ntags:\r\n  - x\r\n---\r\n\r\nBody  \r\n";
        var edited = FrontMatter.Set(file, "tags", Json5Array.Of(["one", "two, three"]));
        Assert.Equal(
            "\uFEFF---\r\nname: A # not a comment of ours\r\nother:  kept\r\ntags: [one, \"two, three\"]\r\n---\r\n\r\nBody  \r\n",
            edited
        );
        Assert.Equal(
            "\uFEFF---\r\nname: A # not a comment of ours\r\nother:  kept\r\n---\r\n\r\nBody  \r\n",
            FrontMatter.Set(file, "tags", null)
        );
        Assert.Equal("---\nname: N\n---\nBody", FrontMatter.Set("Body", "name", new Json5String("N")));
        Assert.Null(FrontMatter.Set("Body", "name", new Json5Number(1)));
    }

    [Fact]
    public void A_set_value_reads_back_unchanged()
    {
        var text = ArbMap
            .Default.GeneratorFor<NonNull<string>>()
            .Select(value =>
                new string([
                    .. value.Get.Where(c => !char.IsControl(c) && !char.IsSurrogate(c) && c is not ('\u2028' or '\u2029' or '\uFEFF')),
                ]).Trim()
            );
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                Gen.Zip(text, text.Where(item => item.Length > 0).ArrayOf()).ToArbitrary(),
                pair =>
                {
                    var file = FrontMatter.Set(
                        FrontMatter.Set("Body\n", "name", new Json5String(pair.Item1))!,
                        "tags",
                        Json5Array.Of(pair.Item2)
                    )!;
                    var values = FrontMatter.Parse(file).Values;
                    return values.GetString("name") == pair.Item1
                        && values.GetStrings("tags").SequenceEqual(pair.Item2)
                        && FrontMatter.Parse(file).Body == "Body";
                }
            )
        );
    }
}
