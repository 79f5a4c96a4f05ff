namespace Plue.Server.Telemetry;

/// <summary>Histograms since the start of the process, computed from spans: durations of requests and tools, and tokens.</summary>
internal sealed class MetricSums(DateTimeOffset start)
{
    public const string OperationDuration = "gen_ai.client.operation.duration";
    public const string TokenUsage = "gen_ai.client.token.usage";
    public const string ToolDuration = "gen_ai.execute_tool.duration";

    /// <summary>The maximum number of attribute combinations; others are not counted.</summary>
    private const int MaxSeries = 500;

    private static readonly double[] Seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    private static readonly double[] Tokens = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    private static readonly string[] MetricAttributes =
    [
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.response.model",
        "gen_ai.tool.name",
        "server.address",
        "server.port",
    ];

    private readonly Dictionary<string, Series> series = new(StringComparer.Ordinal);

    public sealed class Series(string metric, IReadOnlyList<KeyValuePair<string, object>> attributes, double[] bounds)
    {
        public string Metric => metric;
        public IReadOnlyList<KeyValuePair<string, object>> Attributes => attributes;
        public double[] Bounds => bounds;
        public long[] Counts { get; } = new long[bounds.Length + 1];
        public long Count { get; private set; }
        public double Sum { get; private set; }

        public void Add(double value)
        {
            var at = Array.FindIndex(bounds, bound => value <= bound);
            Counts[at < 0 ? bounds.Length : at]++;
            Count++;
            Sum += value;
        }
    }

    public DateTimeOffset Start => start;

    public IEnumerable<IGrouping<string, Series>> ByMetric => series.Values.GroupBy(one => one.Metric, StringComparer.Ordinal);

    public void Add(Span span)
    {
        List<KeyValuePair<string, object>> attributes = [.. span.Attributes.Where(one => MetricAttributes.Contains(one.Key))];
        if (span.ErrorType is { } error)
        {
            attributes.Add(new("error.type", error));
        }

        switch (span.Attributes.FirstOrDefault(one => one.Key == "gen_ai.operation.name").Value)
        {
            case "chat":
                Add(OperationDuration, attributes, Seconds, (span.End - span.Start).TotalSeconds);
                AddTokens(span, attributes, "input");
                AddTokens(span, attributes, "output");
                break;
            case "execute_tool":
                Add(ToolDuration, attributes, Seconds, (span.End - span.Start).TotalSeconds);
                break;
        }
    }

    private void AddTokens(Span span, List<KeyValuePair<string, object>> attributes, string type)
    {
        if (span.Attributes.FirstOrDefault(one => one.Key == $"gen_ai.usage.{type}_tokens").Value is long tokens)
        {
            Add(TokenUsage, [.. attributes, new("gen_ai.token.type", type)], Tokens, tokens);
        }
    }

    private void Add(string metric, IReadOnlyList<KeyValuePair<string, object>> attributes, double[] bounds, double value)
    {
        var key = $"{metric}\n{string.Join('\n', attributes.Select(one => $"{one.Key}={one.Value}"))}";
        if (!series.TryGetValue(key, out var one))
        {
            if (series.Count >= MaxSeries)
            {
                return;
            }
            series[key] = one = new Series(metric, attributes, bounds);
        }

        one.Add(value);
    }
}
