using System.Text.Json;
using System.Text.Json.Nodes;

namespace Plue.Server.Tests.Testing;

/// <summary>The input tokens of a request that a vendor computed, read from its prompt cache, and wrote to it. Here, a token is four characters.</summary>
public readonly record struct CacheUse(long Uncached, long Read, long Written)
{
    public long Input => Uncached + Read + Written;
}

/// <summary>A vendor's prompt cache. Both kinds see a request as blocks: tools, system prompt, messages.</summary>
public abstract class VendorCache
{
    protected const int MinTokens = 1024;

    /// <summary>Creates a cache that matches prefixes automatically; OpenAI does so for requests with the same key.</summary>
    public static VendorCache Automatic(string? keyField = null) => new AutomaticCache(keyField);

    /// <summary>Creates a cache that stores prefixes at up to four marks and matches up to 20 blocks before a mark.</summary>
    public static VendorCache Marked() => new MarkedCache();

    public CacheUse Take(string body)
    {
        var request = JsonNode.Parse(body)!.AsObject();
        return Take(request, [.. Blocks(request)]);
    }

    protected abstract CacheUse Take(JsonObject request, IReadOnlyList<Block> blocks);

    protected static long Tokens(IEnumerable<Block> blocks) => blocks.Sum(block => block.Text.Length) / 4;

    private static IEnumerable<Block> Blocks(JsonObject request)
    {
        foreach (var tool in Items(request["tools"] ?? request["toolConfig"]?["tools"]))
        {
            yield return Of("tool", tool);
        }
        foreach (var block in Contents("system", request["system"] ?? request["instructions"] ?? request["systemInstruction"]?["parts"]))
        {
            yield return block;
        }
        foreach (var message in Items(request["messages"] ?? request["contents"] ?? request["input"]))
        {
            var role = message["role"]?.ToString() ?? "";
            foreach (var block in Contents(role, message["content"] ?? message["parts"]))
            {
                yield return block;
            }
            foreach (var call in Items(message["tool_calls"]))
            {
                yield return Of(role, call);
            }
            if (message["content"] is null && message["parts"] is null)
            {
                yield return Of(role, message);
            }
        }
    }

    private static IEnumerable<JsonNode> Items(JsonNode? list) => (list as JsonArray ?? []).Select(item => item!);

    /// <summary>A text and a list with one text are the same block.</summary>
    private static IEnumerable<Block> Contents(string role, JsonNode? content)
    {
        if (content is JsonValue)
        {
            yield return new Block($"{role} {content}", IsMarked: false);
            yield break;
        }

        var items = Items(content).ToList();
        for (var at = 0; at < items.Count; at++)
        {
            if (items[at]["cachePoint"] is not null)
            {
                continue;
            }
            var block = Of(role, items[at]);
            yield return at + 1 < items.Count && items[at + 1]["cachePoint"] is not null ? block with { IsMarked = true } : block;
        }
    }

    private static Block Of(string role, JsonNode item)
    {
        var block = item.DeepClone().AsObject();
        var isMarked = block.Remove("cache_control");
        var text = block["text"] is { } said && block.All(field => field.Key is "type" or "text") ? said.ToString() : block.ToJsonString();
        return new Block($"{role} {text}", isMarked);
    }

    protected readonly record struct Block(string Text, bool IsMarked);

    private sealed class AutomaticCache(string? keyField) : VendorCache
    {
        private readonly List<(string? Key, IReadOnlyList<Block> Blocks)> known = [];

        protected override CacheUse Take(JsonObject request, IReadOnlyList<Block> blocks)
        {
            var key = keyField is null ? "" : request[keyField]?.ToString();
            var read = known
                .Where(one => key is not null && one.Key == key)
                .Select(one => Tokens(one.Blocks.Zip(blocks).TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First)))
                .DefaultIfEmpty()
                .Max();
            known.Add((key, blocks));
            if (read < MinTokens)
            {
                read = 0;
            }
            return new CacheUse(0, read, Tokens(blocks) - read);
        }
    }

    private sealed class MarkedCache : VendorCache
    {
        private const int MaxMarks = 4;
        private const int LookBack = 20;
        private readonly HashSet<string> known = [];

        protected override CacheUse Take(JsonObject request, IReadOnlyList<Block> blocks)
        {
            var ends = Enumerable.Range(1, blocks.Count).Where(end => blocks[end - 1].IsMarked).ToList();
            Assert.InRange(ends.Count, 1, MaxMarks);
            var found = ends.SelectMany(end => Enumerable.Range(Math.Max(1, end - LookBack), Math.Min(end, LookBack + 1)))
                .Where(end => known.Contains(Prefix(blocks, end)))
                .DefaultIfEmpty()
                .Max();
            known.UnionWith(ends.Where(end => Tokens(blocks.Take(end)) >= MinTokens).Select(end => Prefix(blocks, end)));
            var read = Tokens(blocks.Take(found));
            var cached = Tokens(blocks.Take(ends[^1]));
            return new CacheUse(Tokens(blocks) - cached, read, cached - read);
        }

        private static string Prefix(IReadOnlyList<Block> blocks, int end) =>
            JsonSerializer.Serialize(blocks.Take(end).Select(block => block.Text));
    }
}
