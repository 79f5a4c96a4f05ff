using System.Globalization;

namespace Plue.Server.Tests.Rpc;

/// <summary>PLUE_FUZZ_SECONDS sets the duration (600 for a release), PLUE_FUZZ_SEED repeats a run.</summary>
public sealed class MethodFuzzTests
{
    [Fact]
    public async Task Hostile_messages_of_every_method_end_in_an_answer_and_never_in_an_internal_error_or_a_crash()
    {
        var seed = Number("PLUE_FUZZ_SEED") ?? Environment.TickCount;
        await using var fuzz = await MethodFuzz.StartAsync(seed);
        await fuzz.RunAsync(TimeSpan.FromSeconds(Number("PLUE_FUZZ_SECONDS") ?? 3));
        var log = fuzz.Log;
        Assert.True(
            fuzz.InternalErrors.Count == 0,
            $"Seed {seed}, {fuzz.Sent} messages. Internal errors:\n{string.Join('\n', fuzz.InternalErrors)}\n{log[Math.Max(0, log.Length - 20_000)..]}"
        );
        Assert.Equal(0, await fuzz.ShutDownAsync());
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Seed {seed}, {fuzz.Sent} messages: {string.Join(", ", fuzz.Outcomes.Select(outcome => $"{outcome.Key} {outcome.Value}"))}"
        );
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
