import { useEffect } from "react";
import { type Forecast, useForecast, want } from "../state/forecasts";

/** The forecast of a variable, asked for as long as this is on the page. */
export function useWanted(name: string): Forecast | undefined {
  useEffect(() => want(name), [name]);
  return useForecast(name);
}
