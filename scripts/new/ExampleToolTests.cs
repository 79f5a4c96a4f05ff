using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

public sealed class ExampleToolTests : IDisposable
{
    private readonly ToolFixture fixture = new();
    private readonly ExampleTool tool = new("Says back what it was given.");

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task What_was_given_is_said_back() => Assert.Equal("Hello", (await fixture.RunAsync(tool, """{"text":"Hello"}""")).Text);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"text":""}""")]
    [InlineData("""{"text":"Hello","path":"/etc"}""")]
    public async Task Other_parameters_are_refused_before_anything_is_done(string parameters) =>
        await Assert.ThrowsAsync<ToolFailureException>(() => fixture.PlanAsync(tool, parameters));
}
