using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Chat;
using Plue.Server.Cli;
using Plue.Server.Reviews;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Worktrees;

namespace Plue.Server.Tests.Reviews;

/// <summary>A repository with one commit, a scripted model that reviews, and a scripted one that checks.</summary>
internal sealed class ReviewHome : IAsyncDisposable
{
    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ReviewHome(WorktreeHome home) => Home = home;

    public WorktreeHome Home { get; }
    public string Repository => Home.Repository;
    public ScriptedEndpoint Endpoint { get; } = new();
    public ReviewServices Reviews { get; private set; } = null!;
    public ChatServices Chat { get; private set; } = null!;

    /// <summary>Gets or sets the response of the model that reviews, by the text of its request.</summary>
    public Func<string, ScriptedAnswer> Review { get; set; } = _ => Findings();

    /// <summary>Gets or sets the response of the model that checks.</summary>
    public Func<string, ScriptedAnswer> Check { get; set; } = _ => Stands(true);

    public IReadOnlyList<string> Sent => [.. Endpoint.Requests.Select(TextOf)];

    public static async Task<ReviewHome> CreateAsync(Func<string, string?>? environment = null)
    {
        var made = new ReviewHome(await WorktreeHome.CreateAsync());
        WriteProviders(made.Home.Home, made.Endpoint.Url);
        made.Endpoint.Route = request =>
            (string?)JsonNode.Parse(request.Body)!["model"] == "small" ? made.Check(TextOf(request)) : made.Review(TextOf(request));
        made.Home.Services.Platform.Trust(made.Repository);
        made.Chat = made.Home.Services.Chat(new SilentEvents(), isUnattended: true);
        made.Reviews = new ReviewServices(made.Home.Services.Platform, made.Chat, environment ?? Environment.GetEnvironmentVariable);
        return made;
    }

    public static void WriteProviders(string home, Uri endpoint)
    {
        AgentsHome.Write(home, endpoint);
        File.WriteAllText(
            Path.Combine(home, "config.json5"),
            "{ default_large: { provider: 'large' }, default_small: { provider: 'small' } }"
        );
    }

    public Task<StoredReview> RunAsync(ReviewTarget? target = null, decimal? budget = null) =>
        Reviews.Reviewer.ReviewAsync(
            Repository,
            target ?? new ReviewTarget(ReviewSource.WorkingTree),
            new ReviewOptions(Budget: budget),
            _ => { },
            Cancel
        );

    public Task WriteAsync(string name, string text) => Home.WriteAsync(Repository, name, text);

    /// <summary>Creates a response with findings that used 1,000 tokens.</summary>
    public static ScriptedAnswer Findings(params object[] findings) => AgentsHome.Paid(JsonSerializer.Serialize(new { findings }), 1000);

    public static object Finding(string file, int line, string title = "Wrong", string severity = "warning", object? fix = null) =>
        new
        {
            file,
            line,
            severity,
            title,
            reason = "It fails.",
            fix,
        };

    public static ScriptedAnswer Stands(bool stands) =>
        AgentsHome.Paid(JsonSerializer.Serialize(new { stands, reason = "Because." }), 1000);

    public async ValueTask DisposeAsync()
    {
        await Home.DisposeAsync();
        await Endpoint.DisposeAsync();
    }

    private static string TextOf(ScriptedRequest request)
    {
        var content = JsonNode.Parse(request.Body)!["messages"]!.AsArray()[^1]!["content"]!;
        return content is JsonArray parts ? string.Concat(parts.Select(part => (string?)part?["text"])) : (string)content!;
    }
}
