using Plue.Server.Codices;
using Plue.Server.Json5;

namespace Plue.Server.Telemetry;

/// <summary>Settings of the export to an OpenTelemetry collector.</summary>
/// <param name="Endpoint">The base address, to which <c>/v1/traces</c> and <c>/v1/metrics</c> are appended. Null disables the export.</param>
/// <param name="HasContent">True to export prompts, responses, and arguments and results of tools.</param>
/// <param name="Headers">A value is a reference to a secret, or plain text.</param>
internal sealed record TelemetrySettings(Uri? Endpoint, bool HasContent, IReadOnlyList<(string Name, string Value)> Headers)
{
    public const string EndpointKey = "telemetry_endpoint";
    public const string ContentKey = "telemetry_content";
    public const string HeadersKey = "telemetry_headers";

    public static TelemetrySettings Of(UserConfig config) =>
        new(
            Uri.TryCreate(config.Text(EndpointKey), UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null,
            config.Flag(ContentKey) == true,
            [
                .. (config.Values.GetArray(HeadersKey)?.Items ?? [])
                    .OfType<Json5Object>()
                    .Select(header => (header.GetString("name") ?? "", header.GetString("value") ?? ""))
                    .Where(header => header.Item1.Length > 0),
            ]
        );
}
