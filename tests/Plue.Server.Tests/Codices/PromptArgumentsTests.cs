using System.Text;
using Plue.Server.Codices;

namespace Plue.Server.Tests.Codices;

public class PromptArgumentsTests
{
    [Fact]
    public void Arguments_are_names_with_what_they_are_and_whether_they_are_needed()
    {
        Assert.Equal(
            [new("topic", null, false), new("tone", "how it is said", true)],
            PromptArguments.Read(FrontMatter.Parse("---\narguments: [topic, \"tone?: how it is said\"]\n---\n").Values)
        );
        Assert.Equal(
            [new("topic", "What it is about: in a word", false), new("n", null, true)],
            PromptArguments.Read(FrontMatter.Parse("---\narguments:\n  - topic: What it is about: in a word\n  - n?\n---\n").Values)
        );
        Assert.Equal([new("topic", null, false)], PromptArguments.Read(FrontMatter.Parse("---\narguments: topic\n---\n").Values));
        Assert.Empty(PromptArguments.Read(FrontMatter.Parse("---\narguments:\n---\n").Values));
    }

    [Theory]
    [InlineData(
        "---\narguments:\n  - ok\n  - two words\n---\n",
        "4:5 error: An argument is a name of letters, digits and _, followed by ? if it is optional, and a description after a colon: `tone?: Tone of the text`."
    )]
    [InlineData("---\narguments: [a, a]\n---\n", "2:12 error: `a` is there twice.")]
    [InlineData("---\narguments: [selection]\n---\n", "2:12 warning: `selection` is provided by the editor. Remove it here.")]
    [InlineData(
        "---\ndescription: x\nargument: a\n---\n",
        "3:1 warning: A prompt has no field `argument`, so it has no effect. Did you mean `arguments`?"
    )]
    [InlineData("Be kind\u202E.", "1:1 warning: The file has an invisible character that a model reads.")]
    public void Reports_errors_at_their_position(string file, string expected) =>
        Assert.Equal([expected], new PromptFormat().Read("x", Encoding.UTF8.GetBytes(file)).Problems.Select(problem => problem.ToString()));
}
