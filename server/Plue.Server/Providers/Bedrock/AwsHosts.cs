namespace Plue.Server.Providers.Bedrock;

/// <summary>The hosts of Bedrock. A region here is a plain name: it becomes part of a host.</summary>
internal static class AwsHosts
{
    public static string Domain(string region) => region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";

    /// <summary>Where models answer.</summary>
    public static string Runtime(string region) => $"https://bedrock-runtime.{region}.{Domain(region)}";

    /// <summary>Where models are listed.</summary>
    public static string Control(string region) => $"https://bedrock.{region}.{Domain(region)}";

    public static bool IsAws(Uri url) =>
        url.Scheme == "https"
        && (
            url.Host.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase)
            || url.Host.EndsWith(".amazonaws.com.cn", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>The region in a host of Bedrock, for an endpoint that was given; null for any other host.</summary>
    public static string? RegionOf(Uri url) =>
        IsAws(url) && url.Host.Split('.') is { Length: >= 4 } parts && parts[0].StartsWith("bedrock", StringComparison.OrdinalIgnoreCase)
            ? parts[1].ToLowerInvariant()
            : null;
}
