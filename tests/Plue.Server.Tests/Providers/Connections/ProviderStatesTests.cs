using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;

namespace Plue.Server.Tests.Providers.Connections;

public sealed class ProviderStatesTests
{
    private static readonly Failure Refused = new(FailureKind.ProviderAuthFailed, "The key was refused.");
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-states-").FullName);

    private static ProviderSettings Vendor(string id = "vendor") =>
        new()
        {
            Id = id,
            Name = "Vendor",
            Kind = ProviderKinds.OpenAiCompatible,
            Endpoint = new Uri("https://api.example/v1"),
            ApiKeyRef = "vault://vendor/api_key",
            Model = "m",
        };

    private string FilePath => Path.Combine(paths.Index, "provider-states.json");

    [Fact]
    public async Task The_result_of_a_test_is_known_in_the_next_process()
    {
        await using (var first = Open())
        {
            first.Tested(Vendor(), Refused);
        }

        await using var second = Open();
        second.Refresh();
        var state = second.Of(Vendor());
        Assert.Equal((ProviderHealth.Error, Refused), (state.Health, state.Failure));
        Assert.NotNull(state.At);
    }

    [Fact]
    public async Task A_change_of_configuration_makes_it_untested_and_a_new_name_does_not()
    {
        await using var states = Open();
        states.Tested(Vendor(), null);
        Assert.Equal(ProviderHealth.Connected, states.Of(Vendor() with { Name = "Renamed", Enabled = false }).Health);
        Assert.Equal(ProviderHealth.Untested, states.Of(Vendor() with { Endpoint = new Uri("https://other.example/v1") }).Health);
        Assert.Equal(ProviderHealth.Untested, states.Of(Vendor() with { Model = "other" }).Health);
        Assert.Equal(ProviderHealth.Untested, states.Of(Vendor() with { Headers = new Dictionary<string, string> { ["x"] = "y" } }).Health);
    }

    [Fact]
    public async Task Two_processes_keep_each_others_results()
    {
        await using var one = Open();
        await using var other = Open();
        one.Tested(Vendor("one"), null);
        other.Tested(Vendor("other"), Refused);
        await Task.WhenAll(one.FlushAsync(), other.FlushAsync());
        one.Refresh();
        other.Refresh();
        Assert.Equal(ProviderHealth.Error, one.Of(Vendor("other")).Health);
        Assert.Equal(ProviderHealth.Connected, other.Of(Vendor("one")).Health);
    }

    [Fact]
    public async Task One_that_was_deleted_does_not_come_back_from_another_process()
    {
        await using var one = Open();
        await using var other = Open();
        one.Tested(Vendor(), null);
        await one.FlushAsync();
        other.Refresh();
        one.Forget("vendor");
        await one.FlushAsync();
        other.Tested(Vendor("else"), null);
        await other.FlushAsync();
        Assert.DoesNotContain("\"vendor\"", File.ReadAllText(FilePath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_writes_nothing_when_it_ends_and_several_are_saved_at_once()
    {
        await using var states = Open();
        Assert.True(states.Answered(Vendor(), null));
        Assert.False(states.Answered(Vendor(), null));
        Assert.False(File.Exists(FilePath));
        await states.FlushAsync();
        var written = File.GetLastWriteTimeUtc(FilePath);
        Assert.False(states.Answered(Vendor(), null));
        await states.FlushAsync();
        Assert.Equal(written, File.GetLastWriteTimeUtc(FilePath));
    }

    [Fact]
    public async Task A_failure_of_one_request_does_not_change_the_health_of_the_provider()
    {
        await using var states = Open();
        states.Tested(Vendor(), null);
        foreach (
            var kind in new[]
            {
                FailureKind.ContextFull,
                FailureKind.ModelNotFound,
                FailureKind.Refused,
                FailureKind.BadRequest,
                FailureKind.RateLimited,
                FailureKind.Overloaded,
            }
        )
        {
            Assert.False(states.Answered(Vendor(), new Failure(kind, "No.")));
        }

        Assert.Equal(ProviderHealth.Connected, states.Of(Vendor()).Health);
        Assert.Equal([FailureKind.Overloaded, FailureKind.RateLimited], states.Of(Vendor()).Failures.Select(past => past.Failure.Kind));
        Assert.True(states.Answered(Vendor(), Refused));
        Assert.Equal(ProviderHealth.Error, states.Of(Vendor()).Health);
        Assert.True(states.Answered(Vendor(), null));
        Assert.Equal(ProviderHealth.Connected, states.Of(Vendor()).Health);
    }

    [Fact]
    public async Task Stores_the_last_five_failures_newest_first_without_secrets()
    {
        await using var states = new ProviderStates(
            paths,
            TimeProvider.System,
            text => text.Replace("sk-canary", "***", StringComparison.Ordinal),
            _ => { }
        );
        for (var number = 1; number <= 7; number++)
        {
            states.Tested(Vendor(), new Failure(FailureKind.Unreachable, $"{number} sk-canary {new string('x', 5_000)}"));
        }

        Assert.Equal(["7", "6", "5", "4", "3"], states.Of(Vendor()).Failures.Select(past => past.Failure.Message.Split(' ')[0]));
        Assert.All(states.Of(Vendor()).Failures, past => Assert.True(past.Failure.Message.Length < 600));
        await states.FlushAsync();
        Assert.DoesNotContain("sk-canary", File.ReadAllText(FilePath), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_counts_as_none_and_is_written_anew() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                Gen.Choose(0, 400).ToArbitrary(),
                (garbage, cut) =>
                {
                    var home = new PluePaths(Directory.CreateTempSubdirectory("plue-states-").FullName);
                    var file = Path.Combine(home.Index, "provider-states.json");
                    Directory.CreateDirectory(home.Index);
                    var whole =
                        """{"format":1,"providers":{"vendor":null,"a":{"status":"error"},"b":{"status":7},"c":{"errors":[null,{"kind":"Nope"}]}}}"""u8;
                    File.WriteAllBytes(file, [.. whole[..Math.Min(cut, whole.Length)], .. garbage]);
                    var states = new ProviderStates(home, TimeProvider.System, text => text, _ => { });
                    states.Refresh();
                    Assert.Equal(ProviderHealth.Untested, states.Of(Vendor("a")).Health);
                    states.Tested(Vendor(), null);
                    states.DisposeAsync().AsTask().GetAwaiter().GetResult();
                    var next = new ProviderStates(home, TimeProvider.System, text => text, _ => { });
                    next.Refresh();
                    Assert.Equal(ProviderHealth.Connected, next.Of(Vendor()).Health);
                    Directory.Delete(home.Home, recursive: true);
                }
            )
            .QuickCheckThrowOnFailure();

    private ProviderStates Open() => new(paths, TimeProvider.System, text => text, _ => { });
}
